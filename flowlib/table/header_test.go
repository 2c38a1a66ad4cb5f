package table

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// lines is a CSV of a first line and n rows of width fields.
func lines(first string, n, width int, field func(i, j int) string) string {
	var b strings.Builder
	b.WriteString(first + "\n")
	for i := range n {
		row := make([]string, width)
		for j := range row {
			row[j] = field(i, j)
		}
		b.WriteString(strings.Join(row, ",") + "\n")
	}
	return b.String()
}

// A first line of numbers is names, a row, or a question.
func TestHeaderOfNumbers(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	normal := func(int, int) string { return fmt.Sprintf("%.3f", 8+4*rng.NormFloat64()) }
	small := func(int, int) string { return fmt.Sprint(rng.IntN(8)) }
	large := func(int, int) string { return fmt.Sprint(10000 + rng.IntN(90000)) }
	recent := func(int, int) string { return fmt.Sprint(1950 + rng.IntN(70)) }
	indexed := func(field func(i, j int) string) func(i, j int) string {
		return func(i, j int) string {
			if j == 0 {
				return fmt.Sprint(i)
			}
			return field(i, j)
		}
	}
	counting := func(n int) string {
		var all []string
		for i := range n {
			all = append(all, fmt.Sprint(i))
		}
		return strings.Join(all, ",")
	}
	tests := []struct {
		name, first string
		width       int
		field       func(i, j int) string
		want        string // names, row or question
	}{
		{"years over prices", "1990,1991,1992", 3, normal, "names"},
		{"two years", "2019,2020", 2, normal, "names"},
		{"every fifth year over amounts", "1990,1995,2000", 3, large, "names"},
		{"years down", "2021,2020,2019", 3, normal, "names"},
		{"years after a text over a text", "region,1990,1991", 3, func(i, j int) string {
			if j == 0 {
				return "r" + fmt.Sprint(i)
			}
			return normal(i, j)
		}, "names"},
		{"years over years", "1990,1991,1992", 3, recent, "question"},
		{"two years over years", "1990,1985", 2, recent, "question"},
		{"years that go on", "1990,1991,1992", 3, func(i, j int) string { return fmt.Sprint(1991 + i + j) }, "row"},
		{"years and months", "1990,1", 2, func(i, j int) string { return fmt.Sprint([]int{1990 + i/12, 1 + i%12}[j]) }, "row"},
		{"counting over decimals", "0,1,2", 3, normal, "names"},
		{"counting over large whole numbers", "0,1,2", 3, large, "names"},
		{"counting over small whole numbers", "0,1,2", 3, small, "question"},
		{"two counts over small whole numbers", "0,1", 2, small, "question"},
		{"many counts over small whole numbers", counting(10), 10, small, "names"},
		{"an index before counts", ",0,1,2", 4, indexed(small), "names"},
		{"an index before one count", ",0", 2, indexed(normal), "names"},
		{"an index before years", ",2001,2002", 3, indexed(recent), "names"},
		{"a missing value before numbers that do not count", ",7.5,6.5,9", 4, indexed(normal), "row"},
		{"counting from 1 over small whole numbers", "1,2,3", 3, small, "question"},
		{"two from 1", "1,2", 2, small, "row"},
		{"counting that goes on", "0,1,2", 3, func(i, j int) string { return fmt.Sprint(3*i + j + 3) }, "row"},
		{"wavelengths", "400.5,401,401.5,402,402.5,403,403.5,404", 8, normal, "names"},
		{"uneven wavelengths", "400.5,401,401.5,402,402.5,403,403.7,404", 8, normal, "names"},
		{"quantiles in a row", "1.5,2,3,4.25,5,6,7,8", 8, func(i, j int) string { return fmt.Sprintf("%.2f", float64(i+j*j)+0.25) }, "row"},
		{"normal", "7.1,8.2,6.3", 3, normal, "row"},
		{"whole numbers in order", "2,5,7", 3, small, "row"},
		{"a row of equal steps", "2,4,6", 3, small, "row"},
		{"names twice", "0,1,1", 3, small, "row"},
		{"months over decimals", "202401,202402,202403", 3, normal, "question"},
		{"percentiles over decimals", "5,25,50,75,95", 5, normal, "question"},
		{"numbers of stations over decimals", "107,15,230", 3, normal, "question"},
		{"quantiles over decimals", "0.05,0.25,0.5,0.75,0.95", 5, normal, "question"},
		{"equal shares over decimals", "0.1,0.2,0.3", 3, normal, "question"},
		{"shares as long as the decimals", "0.1250,0.2500,0.3750", 3, normal, "row"},
		{"two shares over decimals", "0.1,0.9", 2, normal, "row"},
		{"shares in no order", "0.5,0.1,0.9", 3, normal, "row"},
		{"negative steps over decimals", "-2,-1,0,1,2", 5, normal, "question"},
		{"years with a decimal", "2019.0,2020.0,2021.0", 3, normal, "question"},
		{"whole numbers twice over decimals", "0,5,0", 3, normal, "row"},
		{"whole numbers over decimals and whole ones", "5,25,50", 3, func(i, j int) string { return fmt.Sprint(float64(rng.IntN(20)) / 2) }, "row"},
	}
	for _, tt := range tests {
		text := lines(tt.first, 60, tt.width, tt.field)
		r, err := newReader(fromBytes("a.csv", []byte(text)), Options{})
		got := "row"
		switch {
		case err != nil && strings.HasSuffix(err.Error(), ") may be the columns' names or a row: say that they are names, or a row"):
			got = "question"
		case err != nil:
			got = err.Error()
		case strings.HasPrefix(r.Format(), "CSV with a header"):
			got = "names"
			if notes := r.Notes(); len(notes) != 1 || !strings.HasSuffix(notes[0].Text(asNamed), ": if it is a row, say so (Header no)") {
				t.Errorf("%s: noted %q", tt.name, notes)
			}
		case len(r.Notes()) > 0:
			t.Errorf("%s: noted %q", tt.name, r.Notes())
		}
		if got != tt.want {
			t.Errorf("%s: %s, want %s\n%.60s", tt.name, got, tt.want, text)
		}
		for h, rows := range map[Header]int{HeaderYes: 60, HeaderNo: 61} {
			r, err := newReader(fromBytes("a.csv", []byte(text)), Options{Header: h, Decimal: '.', Missing: MissingKeep, Columns: []string{"2"}})
			if err != nil {
				if h == HeaderYes && strings.Contains(err.Error(), "are both called") {
					continue
				}
				t.Fatal(tt.name, err)
			}
			if all, err := r.readAll(); err == nil && (len(all.Rows) != rows || len(all.Notes) > 0) {
				t.Errorf("%s: %d rows with header %d, noted %q", tt.name, len(all.Rows), h, all.Notes)
			}
		}
	}
}

// The rows' numbers and names, as pandas and R write them.
func TestIndexColumns(t *testing.T) {
	tests := []struct{ name, text, columns, index string }{
		{"pandas", ",x\n0,1.5\n1,2.5\n", "c1 x", "c1"},
		{"pandas, filtered", ",x\n0,1.5\n4,2.5\n90,3\n", "c1 x", "c1"},
		{"pandas, shuffled", ",x\n7,1.5\n4,2.5\n90,3\n", "c1 x", "c1"},
		{"pandas, texts", ",x\nanna,1.5\nbert,2.5\n", "c1 x", "c1"},
		{"pandas, dates", ",x\n2020-01-01,1.5\n2020-01-02,2.5\n", "c1 x", "c1"},
		{"pandas, two levels", ",,x\n0,a,1.5\n1,b,2.5\n", "c1 c2 x", "c1 c2"},
		{"pandas, read and written again", "Unnamed: 0,x\n0,1.5\n1,2.5\n", "Unnamed: 0 x", "Unnamed: 0"},
		{"R", "\"\",\"x\"\n\"1\",1.5\n\"2\",2.5\n", "c1 x", "c1"},
		{"R's short header", "\"x\",\"y\"\n\"1\",1.5,2\n\"2\",2.5,2\n", "c1 x y", "c1"},
		{"R's short header, names", "x\ty\nMazda RX4\t1.5\t2\nDatsun 710\t2.5\t2\n", "c1 x y", "c1"},
		{"a name forgotten", ",x\n0.25,1.5\n1.5,2.5\n", "c1 x", ""},
		{"a name forgotten further on", "x,\n0,1\n1,2\n", "x c2", ""},
		{"no header", "1,1.5\n2,2.5\n", "c1 c2", ""},
	}
	for _, tt := range tests {
		r, err := newReader(fromBytes("a.csv", []byte(tt.text)), Options{Keep: []string{"*"}, Columns: []string{strings.Fields(tt.columns)[len(strings.Fields(tt.columns))-1]}})
		if err != nil && tt.index == "Unnamed: 0" {
			r, err = newReader(fromBytes("a.csv", []byte(tt.text)), Options{Columns: []string{"x"}})
		}
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		var index []string
		for _, c := range r.All() {
			if c.Index {
				index = append(index, c.Name)
			}
		}
		if all, err := r.readAll(); err != nil || strings.Join(names(r.All()), " ") != tt.columns || strings.Join(index, " ") != tt.index || len(all.Rows) != strings.Count(tt.text, "\n")-1 && tt.name != "no header" {
			t.Errorf("%s: %q, index %q, %v, %v", tt.name, names(r.All()), index, all, err)
		}
	}
	for _, text := range []string{"x,y\n1,2,3\n1,4,5\n", "x,y\n1,2,3\n4,5\n", "x,y\n1.5,2,3\n4.5,5,6\n"} {
		if got := message(fromBytes("a.csv", []byte(text)), Options{}); !strings.Contains(got, "has 2 fields, those below 3") && !strings.Contains(got, "fields, the header has 2") {
			t.Errorf("%q: %s", text, got)
		}
	}
}

// A title above the names is what is to be removed, not a line below it.
func TestTitle(t *testing.T) {
	got := message(fromBytes("t.csv", []byte("My table\n\na,b,c\n1,2,3\n4,5,6\n")), Options{})
	if want := "t.csv: line 1 (My table) has 1 fields, those below 3: remove it if it is a title"; !strings.HasPrefix(got, want) {
		t.Errorf("says %s", got)
	}
}
