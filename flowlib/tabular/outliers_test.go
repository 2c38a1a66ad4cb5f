package tabular

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func gaussian(seed int64, n, d int) [][]float64 {
	rng := rand.New(rand.NewPCG(uint64(seed), 1))
	rows := make([][]float64, n)
	for i := range rows {
		rows[i] = make([]float64, d)
		for j := range rows[i] {
			rows[i][j] = rng.NormFloat64()
		}
	}
	return rows
}

func TestOutliers(t *testing.T) {
	changed := func(change func(i int, row []float64)) [][]float64 {
		rows := gaussian(3, 3000, 2)
		for i, row := range rows {
			change(i, row)
		}
		return rows
	}
	for _, tt := range []struct {
		name string
		rows [][]float64
		want []int
		says string
	}{
		{"none", gaussian(3, 3000, 2), nil, ""},
		{"a million times larger", changed(func(i int, row []float64) {
			if i%500 == 7 {
				row[1] *= 1e6
			}
		}), []int{7, 507, 1007, 1507, 2007, 2507}, "far outside in lines 7, 507, 1007, 1507, 2007, 2507: found "},
		{"one", changed(func(i int, row []float64) {
			if i == 4 {
				row[1] = -1e4
			}
		}), []int{4}, "far outside in line 4: found -10000"},
		{"a mark of what is missing", changed(func(i int, row []float64) {
			if i%30 == 0 {
				row[1] = -9999
			}
		}), nil, "(100 in all): found -9999, where the median is "},
		{"nearly all zeros, and one large", changed(func(i int, row []float64) {
			row[1] = max(0, row[1]-2)
			if i == 9 {
				row[1] = 1e5
			}
		}), []int{9}, ""},
		{"all zeros but one", changed(func(i int, row []float64) {
			row[1] = 0
			if i == 9 {
				row[1] = 1e5
			}
		}), nil, ""},
		{"zeros, and one large", changed(func(i int, row []float64) {
			row[1] = max(0, row[1]-1)
			if i == 9 {
				row[1] = 1e5
			}
		}), []int{9}, ""},
		// A long tail, two modes and a table that is nearly all zeros are not outliers.
		{"log-normal", changed(func(_ int, row []float64) { row[1] = math.Exp(2 * row[1]) }), nil, ""},
		{"two modes", changed(func(i int, row []float64) { row[1] = 0.01*row[1] + 1000*float64(i%2) }), nil, ""},
		{"a small mode", changed(func(i int, row []float64) {
			if row[1] *= 0.01; i%10 == 0 {
				row[1] += 1000
			}
		}), nil, ""},
		{"mostly zero", changed(func(_ int, row []float64) { row[1] = max(0, row[1]-2) }), nil, ""},
		{"exponential", changed(func(_ int, row []float64) {
			row[1] = -math.Log(rand.New(rand.NewPCG(math.Float64bits(row[0]), 1)).Float64())
		}), nil, ""},
	} {
		found := findOutliers(tt.rows)
		if tt.want == nil && tt.says == "" {
			if found != nil {
				t.Errorf("%s: found %+v", tt.name, found)
			}
			continue
		}
		if len(found) != 1 || found[0].column != 1 || tt.want != nil && !slices.Equal(found[0].rows, tt.want) {
			t.Errorf("%s: got %+v, want the rows %v", tt.name, found, tt.want)
			continue
		}
		lines := make([]int64, len(tt.rows))
		for i := range lines {
			lines[i] = int64(i)
		}
		d := &data{lines: lines, unit: "line"}
		if got := found[0].warning("x1", d.at(found[0].rows)); !strings.Contains(got, tt.says) || strings.Contains(got, "missing") != (tt.want == nil) || len(got) > 400 {
			t.Errorf("%s: says %s", tt.name, got)
		}
	}
}

func TestDependentColumns(t *testing.T) {
	base := gaussian(4, 500, 3)
	with := func(features int, more ...func(row []float64) float64) ([][]float64, int) {
		var rows [][]float64
		for _, row := range base {
			all := slices.Clone(row)
			for _, f := range more {
				all = append(all, f(all))
			}
			rows = append(rows, all)
		}
		return rows, features
	}
	names := []string{"a", "b", "c", "d", "e"}
	for _, tt := range []struct {
		name     string
		features int
		more     []func(row []float64) float64
		want     []string
	}{
		{"none", 3, nil, nil},
		{"a copy", 4, []func(row []float64) float64{func(r []float64) float64 { return r[1] }}, []string{`column "d" is the same as "b" but for its unit`}},
		{"Fahrenheit", 4, []func(row []float64) float64{func(r []float64) float64 { return 1.8*r[0] + 32 }}, []string{`column "d" is the same as "a"`}},
		{"far from 0", 4, []func(row []float64) float64{func(r []float64) float64 { return 1e9 + 1e3*r[0] }}, []string{`column "d" is the same as "a"`}},
		{"a sum", 4, []func(row []float64) float64{func(r []float64) float64 { return r[0] + r[2] }}, []string{`column "d" is a linear function of "a", "c": the density has no bound`}},
		{"a sum as float32", 4, []func(row []float64) float64{func(r []float64) float64 { return float64(float32(r[0] + r[2])) }}, []string{`column "d" is a linear function of "a", "c": the density has no bound`}},
		{"a sum and a difference", 5, []func(row []float64) float64{
			func(r []float64) float64 { return r[0] + r[2] }, func(r []float64) float64 { return r[3] - 2*r[0] },
		}, []string{`column "d" is a linear function of "a", "c"`, `column "e" is a linear function of "a", "c"`}},
		{"rounded", 4, []func(row []float64) float64{func(r []float64) float64 { return math.Round(1e3*(r[0]+r[2])) / 1e3 }}, []string{`column "d" is a linear function of "a", "c", to within 0.0002 of its spread`}},
		{"a function of the context", 3, []func(row []float64) float64{func(r []float64) float64 { return 5 * r[2] }}, []string{`column "c" is the same as "d"`}},
		{"context that depends on context", 2, []func(row []float64) float64{func(r []float64) float64 { return 5 * r[2] }}, nil},
		{"nearly", 4, []func(row []float64) float64{func(r []float64) float64 { return r[0] + 3e-3*r[1]*r[2] }}, nil},
		{"a constant", 4, []func(row []float64) float64{func(r []float64) float64 { return 7 }}, nil},
	} {
		rows, features := with(tt.features, tt.more...)
		found := findDependent(rows, features)
		if len(found) != len(tt.want) {
			t.Errorf("%s: got %+v", tt.name, found)
			continue
		}
		for i, d := range found {
			if got := d.warning(names, false); !strings.Contains(got.String(), tt.want[i]) {
				t.Errorf("%s: got %s, want %s", tt.name, got, tt.want[i])
			}
		}
	}
}

// A few rows a million times larger cost the others nothing: the entropy of two unit
// Gaussians is 2.838 nats.
func TestOutliersAreSetAside(t *testing.T) {
	rows := gaussian(3, 3000, 2)
	for _, i := range []int{7, 507, 1007, 1507, 2007, 2507} {
		rows[i][0] *= 1e6
	}
	columns := []string{"x0", "x1"}
	c := DefaultFit()
	c.Steps, c.Layers = 100, 2
	dir := filepath.Join(t.TempDir(), "model")
	r, err := Fit(context.Background(), write(t, "outl.csv", columns, rows), dir, c, Progress{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Source.Outliers != 6 || r.Source.Rows != 2994 || !strings.Contains(fmt.Sprint(r.Warnings), "lines 9, 509, 1009, 1509, 2009, 2509") {
		t.Errorf("got %+v, %q", r.Source, r.Warnings)
	}
	m := open(t, dir, "auto")
	seen, err := m.Score(context.Background(), write(t, "fresh.csv", columns, gaussian(4, 20000, 2)), filepath.Join(t.TempDir(), "out.csv"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if want := 1 + math.Log(2*math.Pi); !(math.Abs(seen.NLL.Mean-want) < 0.05) {
		t.Errorf("NLL %v, the entropy is %.3f", seen.NLL, want)
	}
	far := filepath.Join(t.TempDir(), "far.csv")
	if _, err := m.Score(context.Background(), write(t, "far.csv", columns, rows[7:8]), far, Options{}); err != nil {
		t.Fatal(err)
	}
	if lp := readAll(t, far).Rows[0][0]; !(lp < -1e9) {
		t.Errorf("a row far outside has a log-density of %g", lp)
	}
}
