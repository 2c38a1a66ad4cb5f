package stream

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"gonum.org/v1/gonum/stat"

	"normflow/flowlib/table"
)

// counted writes a table of rows i, 2i, in order, and returns its path.
func counted(t *testing.T, name string, n int) string {
	t.Helper()
	return written(t, name, 0, n)
}

func take(t *testing.T, r *Rows, n int) (all []float64) {
	t.Helper()
	row := make([]float64, 2)
	for range n {
		if err := r.Next(row); err != nil {
			t.Fatal(err)
		}
		if row[1] != 2*row[0] {
			t.Fatalf("the row %v is none of the table", row)
		}
		all = append(all, row[0])
	}
	return all
}

// filesOf are tables that have been read once.
func filesOf(t *testing.T, o table.Options, paths ...string) *table.Files {
	t.Helper()
	f, err := table.OpenFiles(paths, o, nil)
	if err == nil {
		err = f.Count()
	}
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func open(t *testing.T, c Config) *Rows {
	t.Helper()
	r, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// As many passes as are needed give each row that is to be kept once, from everywhere in
// the file, in an order that the seed determines,
// and passing over rows leaves those that follow as they are.
func TestPasses(t *testing.T) {
	path := counted(t, "a.csv", 1000)
	c := Config{Files: filesOf(t, table.Options{}, path), Held: 100, Seed: 3, Count: 500, Keep: func(_ int64, row []float64) bool { return int(row[0])%2 == 0 }}
	r := open(t, c)
	all := take(t, r, 1600)
	if r.Passes() != 5 {
		t.Errorf("%d passes give each row once, want 5", r.Passes())
	}
	for epoch := range 3 {
		one := slices.Sorted(slices.Values(all[epoch*500:][:500]))
		if one[0] != 0 || one[499] != 998 || len(slices.Compact(one)) != 500 {
			t.Errorf("epoch %d has not each row once", epoch)
		}
		for k := range 10 { // the table is sorted: five standard deviations of 50 rows
			if mean := stat.Mean(all[epoch*500+50*k:][:50], nil); math.Abs(mean-499) > 5*289/math.Sqrt(50) {
				t.Errorf("epoch %d: the mean of 50 rows is %g", epoch, mean)
			}
		}
	}
	if reflect.DeepEqual(all[:500], all[500:1000]) {
		t.Error("all passes are in the same order")
	}
	for _, skip := range []int{1, 499, 500, 501, 1000, 1234} {
		r := open(t, c)
		if err := r.Skip(skip); err != nil {
			t.Fatal(err)
		}
		if got := take(t, r, 1600-skip); !reflect.DeepEqual(got, all[skip:]) {
			t.Errorf("after %d rows are passed over others follow", skip)
		}
	}
	c.Seed = 4
	if reflect.DeepEqual(take(t, open(t, c), 500), all[:500]) {
		t.Error("another seed gives the same order")
	}
}

// Row groups of a sorted file come in random order, and who wants few rows gets some of
// each.
func TestRowGroups(t *testing.T) {
	const n = 5 << 16 // five groups
	path := counted(t, "a.parquet", n)
	r := open(t, Config{Files: filesOf(t, table.Options{}, path), Held: 200000, Seed: 2, Count: n})
	if len(r.runs) != 5 || r.Passes() != 2 {
		t.Fatalf("runs of row groups are %v, in %d passes", r.runs, r.Passes())
	}
	all := take(t, r, n)
	if first := int(all[0]) >> 16; slices.IsSortedFunc(all, func(a, b float64) int { return int(a)>>16 - int(b)>>16 }) {
		t.Errorf("the groups come in order, from %d on", first)
	}
	slices.Sort(all)
	if len(slices.Compact(all)) != n {
		t.Error("a pass has not each row once")
	}
	c := Config{Files: filesOf(t, table.Options{}, path), Held: 10000, Seed: 2, Count: n, Want: n / 50}
	r = open(t, c)
	if r.Passes() != 50 {
		t.Errorf("%d passes give each row once, want 50", r.Passes())
	}
	two := take(t, r, n/50)
	var groups [5]int
	for _, v := range two {
		groups[int(v)>>16]++
	}
	for g, count := range groups { // of about 1311: five standard deviations
		if math.Abs(float64(count)-n/250) > 5*math.Sqrt(n/250) {
			t.Errorf("group %d has %d of %d rows", g, count, len(two))
		}
	}
	again := open(t, c)
	if err := again.Skip(4000); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(take(t, again, 1000), two[4000:5000]) {
		t.Error("of few rows others follow those that are passed over")
	}
}

// Of a table that fits all rows are the sample, of others some from everywhere; the summary
// is of all.
func TestSample(t *testing.T) {
	path := counted(t, "a.csv", 4000)
	for most, least := range map[int]int{5000: 4000, 4000: 4000, 1000: 400, 100: 30} {
		s, all, err := Sample(filesOf(t, table.Options{}, path), func(int) int { return most }, nil)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(s.Rows); n > most || n < least || len(s.Lines) != n {
			t.Errorf("%d rows of 4000 in a sample of at most %d", n, most)
		}
		for i, row := range s.Rows {
			if row[0] != float64(s.Lines[i]-2) || row[1] != 2*row[0] { // after a header
				t.Fatalf("line %d is %v", s.Lines[i], row)
			}
		}
		if c := all.Columns[1]; all.Rows != 4000 || c.Mean != 3999 || c.Max != 7998 || c.Distinct != 4000 {
			t.Errorf("the summary is %+v", all)
		}
		mean := 0.0
		for _, row := range s.Rows {
			mean += row[0] / float64(len(s.Rows))
		}
		if sd := 4000 / math.Sqrt(12*float64(len(s.Rows))); math.Abs(mean-1999.5) > 4*sd {
			t.Errorf("the mean of a sample of %d is %g", len(s.Rows), mean)
		}
	}
}

func TestPlaceIsEven(t *testing.T) {
	for seed := range int64(3) {
		var count [10]int
		both := 0
		for line := range int64(100000) {
			count[int(10*Place(line, seed))]++
			if Place(line, seed) < 0.1 && Place(line, seed+1) < 0.1 {
				both++
			}
		}
		for _, n := range append(count[:], 10*both) { // five standard deviations of the last
			if math.Abs(float64(n)-10000) > 1500 {
				t.Errorf("seed %d: the tenths have %v, that of two seeds %d", seed, count, both)
			}
		}
	}
}

func TestWhatCannotBeStreamed(t *testing.T) {
	files := filesOf(t, table.Options{}, counted(t, "a.csv", 50), counted(t, "b.csv", 50))
	none := open(t, Config{Files: files, Held: 10, Keep: func(int64, []float64) bool { return false }})
	if err := none.Next(make([]float64, 2)); err == nil || !strings.Contains(err.Error(), "a.csv and 1 more: holds no row to train on") {
		t.Errorf("no rows: %v", err)
	}
	for _, tt := range []struct {
		says   string
		spoils func(path string) error
	}{
		{"b.csv: was changed", func(path string) error { return os.Chtimes(path, time.Time{}, time.Unix(1, 0)) }},
		{"b.csv: was removed", os.Remove},
	} {
		r := open(t, Config{Files: files, Held: 10})
		err := tt.spoils(files.Path(1))
		for range 100 {
			if err == nil {
				err = r.Next(make([]float64, 2))
			}
		}
		if err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v", tt.says, err)
		}
	}
	gaps := filepath.Join(t.TempDir(), "gaps.csv")
	text := "a,b\n"
	for i := range 20 {
		text += fmt.Sprintf("%d,%d\n,%d\n", i, 2*i, i)
	}
	if err := os.WriteFile(gaps, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	take(t, open(t, Config{Files: filesOf(t, table.Options{Missing: table.MissingDrop}, gaps), Held: 5}), 60)
}

// written makes a table of rows i, 2i, from one number to before another.
func written(t *testing.T, name string, from, to int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	w, err := table.Create(path, nil, []string{"a", "b"}, table.Dialect{})
	if err != nil {
		t.Fatal(err)
	}
	for i := from; i < to; i++ {
		if err := w.Write(nil, []float64{float64(i), float64(2 * i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	return path
}

// The rows come in the same order from one file and from those that it is cut into.
func TestSameOrderFromManyFiles(t *testing.T) {
	const group = 1 << 16
	for _, tt := range []struct {
		name      string
		rows      int
		held      int
		one       string
		many      []string
		cuts      []int
		different bool
	}{
		{"text", 1000, 100, "a.csv", []string{"a.csv", "b.csv.gz", "c.tsv"}, []int{300, 301}, false},
		{"text, all held", 1000, 1000, "a.csv", []string{"a.csv", "b.parquet", "c.npz", "d.csv.gz"}, []int{10, 500, 501}, false},
		{"Parquet, all held", 1000, 2000, "a.parquet", []string{"a.csv", "b.parquet", "c.parquet"}, []int{10, 500}, false},
		{"row groups", 4*group + 500, 100_000, "a.parquet", []string{"a.parquet", "b.parquet", "c.parquet"}, []int{group, 3 * group}, false},
		{"row groups that are cut", 4*group + 500, 100_000, "a.parquet", []string{"a.parquet", "b.parquet"}, []int{2*group + 1}, true},
	} {
		var paths []string
		from := 0
		for k, name := range tt.many {
			to := tt.rows
			if k < len(tt.cuts) {
				to = tt.cuts[k]
			}
			paths = append(paths, written(t, name, from, to))
			from = to
		}
		c := Config{Count: tt.rows, Held: tt.held, Seed: 5}
		c.Files = filesOf(t, table.Options{}, written(t, tt.one, 0, tt.rows))
		one := open(t, c)
		c.Files = filesOf(t, table.Options{}, paths...)
		many := open(t, c)
		if one.Passes() != many.Passes() && !tt.different {
			t.Errorf("%s: %d and %d passes", tt.name, one.Passes(), many.Passes())
		}
		a, b := take(t, one, tt.rows), take(t, many, tt.rows)
		if same := reflect.DeepEqual(a, b); same == tt.different {
			t.Errorf("%s: the same order is %v", tt.name, same)
		}
		slices.Sort(b)
		if len(slices.Compact(b)) != tt.rows {
			t.Errorf("%s: not each row comes once", tt.name)
		}
		if one, many := sampled(t, one.Files), sampled(t, many.Files); !reflect.DeepEqual(one, many) {
			t.Errorf("%s: the samples differ", tt.name)
		}
	}
}

// sampled are the rows of a sample of at most 300.
func sampled(t *testing.T, f *table.Files) [][]float64 {
	t.Helper()
	s, _, err := Sample(f, func(int) int { return 300 }, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s.Rows
}

// Text among Parquet files is read in runs of its own, and small files are read in one run.
func TestRuns(t *testing.T) {
	u := func(file, group int, rows int64) unit {
		return unit{segment{file, [2]int{group, group + 1}}, rows}
	}
	text := unit{segment{file: 2}, 50}
	runs, largest := runsOf([]unit{u(0, 0, 5), u(0, 1, 5), u(0, 2, 5), u(1, 0, 5), text, u(3, 0, 2)}, 10)
	want := [][]segment{{{0, [2]int{0, 2}}}, {{0, [2]int{2, 3}}, {1, [2]int{0, 1}}}, {{file: 2}}, {{3, [2]int{0, 1}}}}
	if !reflect.DeepEqual(runs, want) || largest != 50./72 {
		t.Errorf("runs %v, want %v; the largest has %g", runs, want, largest)
	}
}
