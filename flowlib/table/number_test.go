package table

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// What a column of numbers is read as: values, or part of the message.
func TestNumbers(t *testing.T) {
	const either = ", expected one decimal mark to be named: take the point for it (Decimal .), or the comma (Decimal ,)"
	tests := []struct {
		name, text string
		decimal    rune
		want       string // values of the first column, or the message
		note       string
	}{
		{"thousands by points", "x;y\n612;51\n2.783;62\n", 0, `line 3, column "x": found "2.783", which may be 2.783 or 2783` + either, ""},
		{"thousands by commas", "x;y\n612;51\n2,783;62\n", 0, `line 3, column "x": found "2,783", which may be 2783 or 2.783` + either, ""},
		{"thousands by quoted commas", "x,y\n612,51\n\"2,783\",62\n", 0, `found "2,783", which may be 2783 or 2.783` + either, ""},
		{"thousands by points, tab", "x\ty\n612\t51\n2.783\t62\n", 0, `found "2.783", which may be 2.783 or 2783` + either, ""},
		{"thousands by points, all marked", "x;y\n1.612;51\n2.783;62\n", 0, `found "1.612"`, ""},
		{"thousands by points after many rows", "x;y\n" + strings.Repeat("7;8\n", 3000) + "2.783;62\n", 0, `line 3002, column "x": found "2.783"`, ""},
		{"by option .", "x;y\n612;51\n2.783;62\n", '.', "[612 2.783]", ""},
		{"by option ,", "x;y\n612;51\n2.783;62\n", ',', "[612 2783]", ""},
		{"by option , for points", "x;y\n612;51\n2.5;62\n", ',', `line 3, column "x": found "2.5", expected a number with the decimal mark ',', as requested: correct it, or name the other mark (Decimal .)`, ""},
		{"another column tells", "x;y\n612;5,5\n2.783;6,2\n", 0, "[612 2783]", ""},
		{"another column tells of a point", "x;y\n6;5.5\n2.783;6.2\n", 0, "[6 2.783]", ""},
		{"a later row tells", "x;y\n2.783;51\n0.5;62\n", 0, "[2.783 0.5]", ""},
		{"less than one", "x;y\n2.783;51\n0.125;62\n", 0, "[2.783 0.125]", ""},
		{"thousands and millions", "x;y\n2.783;51\n1.250.125;62\n", 0, "[2783 1.250125e+06]", ""},
		{"both marks", "x;y\n2.783;51\n-1.250,5;62\n", 0, "[2783 -1250.5]", ""},
		{"both marks, quoted", "x,y\n\"2,783\",51\n\"1,250.5\",62\n", 0, "[2783 1250.5]", ""},
		{"apostrophes", "x,y\n2'783,51\n1'250'100.5,62\n", 0, "[2783 1.2501005e+06]", ""},
		{"blanks", "x;y\n2 783,5;51\n1\u00a0250\u202f100;62\n", 0, `found "1\u00a0250\u202f100", expected a number`, ""},
		{"blanks of one kind", "x;y\n2 783,5;51\n1\u00a0250\u00a0100;62\n", 0, "[2783.5 1.2501e+06]", ""},
		{"a point among commas", "x,y\n12.345,5\n23.456,6\n", 0, "[12.345 23.456]", `column "x": "12.345" was taken for a number with a decimal point: if points part thousands, say so (Decimal ,)`},
		{"zeros beside", "x,y\n0,5\n23.456,6\n", 0, "[0 23.456]", "say so (Decimal ,)"},
		{"decimals of any length", "x,y\n12.345,5\n23.4,6\n", 0, "[12.345 23.4]", ""},
		{"a decimal comma between tabs", "x\ty\n14,7\t1\n11,612\t2\n", 0, "[14.7 11.612]", ""},
		{"a decimal comma in quotes", "x,y\n\"14,7\",1\n\"11,612\",2\n", 0, "[14.7 11.612]", ""},
		{"two marks", "x\ty\n14,7\t1.5\n11,6\t2\n", 0, `column "y": found "1.5" after "14,7" further up`, ""},
		{"an underscore", "x,y\n1,2\n2024_01,2\n", 0, `found "2024_01", expected a number such as`, ""},
		{"hexadecimal", "x,y\n1,2\n0x1p-2,2\n", 0, `found "0x1p-2", expected a number such as`, ""},
		{"infinity", "x,y\n1,2\n-Infinity,2\n", 0, "found the infinite value -Inf", ""},
		{"a date", "x;y\n1;2\n12.03.2024;2\n", 0, `found "12.03.2024", expected a number such as`, ""},
		{"a broken group", "x;y\n1;2\n12.34.567;2\n", 0, `found "12.34.567", expected a number such as`, ""},
		{"two exponents", "x;y\n1;2\n1e5e5;2\n", 0, `found "1e5e5", expected a number such as`, ""},
		{"a blank between columns", "x\n1 234\n", 0, `found "1 234", expected one number`, ""},
		{"no decimal mark", "x\n1\n", 'x', "Decimal: 'x' is no decimal mark: expected . or ,", ""},
	}
	for _, tt := range tests {
		for _, chunk := range []int{0, 1} {
			o := Options{Decimal: tt.decimal, chunkRows: chunk}
			r, err := newReader(fromBytes("a.csv", []byte(tt.text)), o)
			var all *Table
			if err == nil {
				all, err = r.readAll()
			}
			if err != nil {
				if strings.HasPrefix(tt.want, "[") || !strings.Contains(textOf(err), tt.want) {
					t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
				}
				continue
			}
			var got []float64
			for _, row := range all.Rows {
				got = append(got, row[0])
			}
			if fmt.Sprint(got) != tt.want {
				t.Errorf("%s: got %v, want %s", tt.name, got, tt.want)
			}
			if notes := notesOf(all.Notes); !strings.Contains(notes, tt.note) || tt.note == "" && notes != "" {
				t.Errorf("%s: noted %q, want %q", tt.name, notes, tt.note)
			}
		}
	}
}

// Labels that Go would take for numbers are texts where the header is told, and columns
// that are not read tell nothing of the decimal mark.
func TestNumbersElsewhere(t *testing.T) {
	got := must(must(newReader(fromBytes("a.csv", []byte("2024_01,1.5\n2024_02,2\n")), Options{Exclude: []string{"1"}, Keep: []string{"c1"}})).readAll())
	if fmt.Sprint(got.Rows, got.Text) != "[[1.5] [2]] [[2024_01] [2024_02]]" {
		t.Errorf("got %+v", got)
	}
	if got := message(fromBytes("a.csv", []byte("x;y\n2.783;0,5\n")), Options{Columns: []string{"x"}}); !strings.Contains(got, "which may be") {
		t.Error(got)
	}
}

// Kept numbers are read in the file's own way when they are written with types.
func TestKeptNumbersWithThousands(t *testing.T) {
	r := must(newReader(fromBytes("a.csv", []byte("x;y\n2.783;0,5\n612;1,5\n")), Options{Keep: []string{"x"}}))
	c := must(r.Next())
	path := filepath.Join(t.TempDir(), "a.npy")
	w := must(Create(path, r.Kept(), []string{"z"}, Dialect{}))
	for i := range c.Len() {
		if err := w.Write(c.Text(i), []float64{1}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	if got := must(ReadAll(path, Options{})); fmt.Sprint(got.Rows) != "[[2783 1] [612 1]]" {
		t.Errorf("got %v", got.Rows)
	}
}
