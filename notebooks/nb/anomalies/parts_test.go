package anomalies

import (
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/janpfeifer/must"

	"normflow/flowlib/table"
)

// The table is the one that UCI and scikit-learn describe: the counts, and the least and
// largest values of columns, are from scikit-learn's description of it.
func TestBreastCancerTable(t *testing.T) {
	masses := must.M1(table.ReadAll(filepath.Join("..", "..", "data", "breast-cancer.csv"), table.Options{Exclude: []string{"diagnosis"}, Keep: []string{"diagnosis"}}))
	if len(masses.Rows) != 569 || len(masses.Columns) != 30 || masses.Dropped != 0 {
		t.Errorf("%d rows of %d columns", len(masses.Rows), len(masses.Columns))
	}
	count := map[string]int{}
	for _, text := range masses.Text {
		count[text[0]]++
	}
	if len(count) != 2 || count["malignant"] != 212 || count["benign"] != 357 {
		t.Errorf("diagnoses: %v", count)
	}
	for _, want := range []struct {
		name           string
		at             int
		least, largest float64
	}{
		{"mean radius", 0, 6.981, 28.11}, {"mean fractal dimension", 9, 0.050, 0.097}, {"radius error", 10, 0.112, 2.873},
		{"area error", 13, 6.802, 542.2}, {"worst area", 23, 185.2, 4254}, {"worst fractal dimension", 29, 0.055, 0.208},
	} {
		least, largest := math.Inf(1), math.Inf(-1)
		for _, row := range masses.Rows {
			least, largest = min(least, row[want.at]), max(largest, row[want.at])
		}
		// the description rounds small values to three decimals
		if masses.Columns[want.at] != want.name || !(math.Abs(least-want.least) <= 5.01e-4) || !(math.Abs(largest-want.largest) <= 5.01e-4) {
			t.Errorf("column %d, %q, goes from %g to %g, want %v", want.at, masses.Columns[want.at], least, largest, want)
		}
	}
}

// squad is a table of n normal rows, N(0, I) in three columns, and n/4 others around
// (6, 0, 0): every fifth row.
func squad(n int) *table.Table {
	rng := rand.New(rand.NewPCG(8, 8))
	t := &table.Table{Columns: []string{"a", "b", "c"}, Kept: []table.Column{{Name: "kind"}}}
	for i := range n + n/4 {
		row, kind := []float64{rng.NormFloat64(), rng.NormFloat64(), rng.NormFloat64()}, "fine"
		if i%5 == 4 {
			row[0], kind = row[0]+6, "odd"
		}
		t.Rows, t.Text = append(t.Rows, row), append(t.Text, []string{kind})
	}
	return t
}

// No row is in two parts, and no odd one where models are fitted or calibrated.
func TestPart(t *testing.T) {
	squad := squad(400)
	kind := map[*float64]string{}
	for i, row := range squad.Rows {
		kind[&row[0]] = squad.Text[i][0]
	}
	p := Part(squad, "fine", 1)
	if len(p.Train) != 200 || len(p.Calibration) != 100 || len(p.Normal) != 100 || len(p.Anomalies) != 100 || p.Other != "odd" {
		t.Errorf("%v", p)
	}
	for i, part := range [][][]float64{p.Train, p.Calibration, p.Normal, p.Anomalies} {
		for _, row := range part {
			if got, want := kind[&row[0]], []string{"fine", "fine", "fine", "odd"}[i]; got != want {
				t.Fatalf("part %d has a row of kind %q, or one twice", i, got)
			}
			delete(kind, &row[0])
		}
	}
	if other := Part(squad, "fine", 2); &other.Train[0][0] == &p.Train[0][0] {
		t.Error("the parts do not follow the seed")
	}
	squad.Text[9][0] = "odder"
	if other := Part(squad, "fine", 1).Other; other != "other" {
		t.Errorf("of two kinds of others: %q", other)
	}
	unlabelled := *squad
	unlabelled.Kept, unlabelled.Text = nil, nil
	for want, part := range map[string]func(){
		`0 say "Fine" in column "kind"`: func() { Part(squad, "Fine", 1) },
		"0 columns of text":             func() { Part(&unlabelled, "fine", 1) },
	} {
		func() {
			defer func() {
				if said := fmt.Sprint(recover()); !strings.Contains(said, want) {
					t.Errorf("got %q, want %q", said, want)
				}
			}()
			part()
		}()
	}
}

func TestPartsAsFiles(t *testing.T) {
	t.Setenv("FLOW_RUNS", t.TempDir())
	p := Part(squad(40), "fine", 0)
	folder := p.write()
	for name, want := range map[string][][]float64{"train.csv": p.Train, "calibration.csv": p.Calibration} {
		if got := must.M1(table.ReadAll(filepath.Join(folder, name), table.Options{})); !slices.Equal(got.Columns, p.Columns) || !slices.EqualFunc(got.Rows, want, slices.Equal) {
			t.Errorf("%s: %d rows of %v", name, len(got.Rows), got.Columns)
		}
	}
	test := must.M1(table.ReadAll(filepath.Join(folder, "test.csv"), table.Options{}))
	if len(test.Rows) != 20 || test.Columns[3] != Label {
		t.Fatalf("the test has %d rows of %v", len(test.Rows), test.Columns)
	}
	for i, row := range test.Rows {
		want := append(slices.Clone(slices.Concat(p.Normal, p.Anomalies)[i]), float64(i/10))
		if !slices.Equal(row, want) {
			t.Errorf("row %d of the test is %v, want %v", i, row, want)
		}
	}
}

func TestCellOf(t *testing.T) {
	s := squad(4)
	if got := cellOf(s, 0, "b"); got != fmt.Sprint(s.Rows[0][1]) {
		t.Errorf("b is %s", got)
	}
	if got := cellOf(s, 4, "kind"); got != "odd" {
		t.Errorf("kind is %s", got)
	}
	defer func() {
		if said := fmt.Sprint(recover()); !strings.Contains(said, `no column "d"`) {
			t.Errorf("got %q", said)
		}
	}()
	cellOf(s, 0, "d")
}
