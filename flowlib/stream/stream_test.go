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
	path := filepath.Join(t.TempDir(), name)
	w, err := table.Create(path, nil, []string{"a", "b"}, table.Dialect{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if err := w.Write(nil, []float64{float64(i), float64(2 * i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	return path
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
	c := Config{Path: path, Held: 100, Seed: 3, Count: 500, Keep: func(_ int64, row []float64) bool { return int(row[0])%2 == 0 }}
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
	r := open(t, Config{Path: path, Held: 200000, Seed: 2, Count: n})
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
	c := Config{Path: path, Held: 10000, Seed: 2, Count: n, Want: n / 50}
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
		s, all, err := Sample(path, table.Options{}, func(int) int { return most })
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
	if _, err := Open(Config{Path: t.TempDir(), Held: 1}); err == nil || !strings.Contains(err.Error(), "no plain file") {
		t.Errorf("a folder: %v", err)
	}
	path := counted(t, "a.csv", 50)
	none := open(t, Config{Path: path, Held: 10, Keep: func(int64, []float64) bool { return false }})
	if err := none.Next(make([]float64, 2)); err == nil || !strings.Contains(err.Error(), "no row to train on") {
		t.Errorf("no rows: %v", err)
	}
	r := open(t, Config{Path: path, Held: 10})
	take(t, r, 50)
	if err := os.Chtimes(path, time.Time{}, time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	if err := r.Next(make([]float64, 2)); err == nil || !strings.Contains(err.Error(), "was changed") {
		t.Errorf("a file that was changed: %v", err)
	}
	gaps := filepath.Join(t.TempDir(), "gaps.csv")
	text := "a,b\n"
	for i := range 20 {
		text += fmt.Sprintf("%d,%d\n,%d\n", i, 2*i, i)
	}
	if err := os.WriteFile(gaps, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	take(t, open(t, Config{Path: gaps, Held: 5, Options: table.Options{Missing: table.MissingDrop}}), 60)
}
