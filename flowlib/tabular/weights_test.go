package tabular

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"normflow/flowlib/density"
)

// twoHills are rows of one column around 0 and 8, with a second column that is 1 for the
// first and heavy for the others.
func twoHills(n int, heavy float64) (rows [][]float64) {
	rng := rand.New(rand.NewPCG(5, 8))
	for i := range n {
		if i%2 == 0 {
			rows = append(rows, []float64{rng.NormFloat64(), rng.NormFloat64(), 1})
		} else {
			rows = append(rows, []float64{8 + rng.NormFloat64(), rng.NormFloat64(), heavy})
		}
	}
	return rows
}

func byWeight(c *FitConfig) { c.Weights = "w" }

// The model has what the weights say of each hill, and its NLL is their mean.
func TestWeightsOfRows(t *testing.T) {
	rows := twoHills(1000, 4)
	_, r, logProb := ofTable(t, []string{"x", "y", "w"}, rows, func() (fresh [][]float64) {
		for _, row := range rows {
			fresh = append(fresh, row[:2])
		}
		return fresh
	}(), byWeight)
	if !slices.Equal(r.Features, []string{"x", "y"}) || r.Weights != "w" {
		t.Errorf("features %q, weights %q", r.Features, r.Weights)
	}
	normal := func(v float64) float64 { return -v*v/2 - math.Log(2*math.Pi)/2 }
	off := 0.0
	for i, row := range rows {
		truth := math.Log(0.2) + normal(row[0]) + normal(row[1])
		if i%2 == 1 {
			truth = math.Log(0.8) + normal(row[0]-8) + normal(row[1])
		}
		off += (logProb[i] - truth) / float64(len(rows))
	}
	if math.Abs(off) > 0.05 { // by the shares of the rows it would be 0.22
		t.Errorf("the rows are %.3f nats a row off the truth", off)
	}
	want := -0.2*math.Log(0.2) - 0.8*math.Log(0.8) + math.Log(2*math.Pi*math.E)
	if math.Abs(r.Test.Mean-want) > 4*r.Test.SE || r.Test.SE > 0.2 {
		t.Errorf("the test rows have an NLL of %v, expected %.3f", r.Test, want)
	}
}

// A Gaussian by weights has the closed form, whatever their scale.
func TestGaussianByWeights(t *testing.T) {
	for _, scale := range []float64{1, 1e-200, 7e200} {
		rows := twoHills(1000, 3)
		for i, row := range rows {
			row[1], row[2] = row[1]+row[0]/4, scale*float64(1+i%4) // on odd rows 2 or 4
		}
		dir, _, _, err := fitTo(t, []string{"x", "y", "w"}, rows, func(c *FitConfig) { c.Model, c.Layers, c.Weights = "gaussian", 0, "w" })
		if err != nil {
			t.Fatal(err)
		}
		m := open(t, dir, "auto")
		s := m.Saved.Members[0].Settings().Scaler
		n, squares, mean, square := 0.0, 0.0, 0.0, 0.0
		for _, i := range trainOf(len(rows), small().Seed) {
			w := rows[i][2] / scale
			n, squares, mean = n+w, squares+w*w, mean+w*rows[i][0]
		}
		mean /= n
		for _, i := range trainOf(len(rows), small().Seed) {
			square += rows[i][2] / scale * (rows[i][0] - mean) * (rows[i][0] - mean)
		}
		std := math.Sqrt(square / (n - squares/n))
		if math.Abs(s.Mean[0]-mean) > 1e-9 || math.Abs(s.Std[0]-std) > 1e-9 {
			t.Errorf("the Gaussian has %g ± %g, expected %g ± %g", s.Mean[0], s.Std[0], mean, std)
		}
		e, err := m.Evaluate(context.Background(), write(t, "t.csv", []string{"w", "x", "y"}, func() (all [][]float64) {
			for _, row := range rows {
				all = append(all, []float64{row[2], row[0], row[1]})
			}
			return all
		}()), Options{Weights: "w"}, 1)
		if err != nil {
			t.Fatal(err)
		}
		logProb, err := density.LogProb(m, func() (all [][]float64) {
			for _, row := range rows {
				all = append(all, row[:2])
			}
			return all
		}())
		if err != nil {
			t.Fatal(err)
		}
		nll, total := 0.0, 0.0
		for i, lp := range logProb {
			nll, total = nll-float64(1+i%4)*lp, total+float64(1+i%4)
		}
		if math.Abs(e.NLL.Mean-nll/total) > 1e-9 || e.Undiagnosed == "" || len(e.Matched.Ignored) > 0 {
			t.Errorf("eval has the NLL %v, expected %g; not tested: %q, ignored %q", e.NLL, nll/total, e.Undiagnosed, e.Matched.Ignored)
		}
	}
}

// Each row keeps its weight, however rows are split.
func TestWeightsStayWithTheirRows(t *testing.T) {
	const n = 200
	for name, change := range map[string]func(c *FitConfig){
		"the seed":            func(*FitConfig) {},
		"a seed of the split": func(c *FitConfig) { c.SplitSeed = new(int64) },
		"a fold":              func(c *FitConfig) { c.Fold, c.Folds = 1, 5 },
	} {
		c := small()
		change(&c)
		d := &data{}
		var rows [][]float64
		for i := range n {
			rows, d.weights.all = append(rows, []float64{float64(i)}), append(d.weights.all, float64(i))
		}
		if err := d.split(rows, c); err != nil {
			t.Fatal(err)
		}
		w := d.weights
		for part, of := range map[string][2][]float64{"train": {flat(d.raw.Train), w.train}, "valid": {flat(d.raw.Valid), w.valid}, "test": {flat(d.raw.Test), w.test}} {
			if len(of[0]) == 0 || !slices.Equal(of[0], of[1]) {
				t.Errorf("by %s: the %s rows %v have the weights of %v", name, part, of[0], of[1])
			}
		}
	}
}

// trainOf are the places of the training rows of a split.
func trainOf(n int, seed int64) (all []int) {
	rows := make([][]float64, n)
	for i := range rows {
		rows[i] = []float64{float64(i)}
	}
	d := &data{}
	c := small()
	c.Seed = seed
	if err := d.split(rows, c); err != nil {
		panic(err)
	}
	for _, row := range d.raw.Train {
		all = append(all, int(row[0]))
	}
	return all
}

// Equal weights are none, and rows of weight 0 are not there, whatever they hold.
func TestWeightsThatSayNothing(t *testing.T) {
	rows := twoHills(400, 1)
	plain := make([][]float64, len(rows))
	fresh := [][]float64{{0, 0}, {8, 1}, {3, -2}}
	for i, row := range rows {
		plain[i] = row[:2]
	}
	_, want, wantLP := ofTable(t, []string{"x", "y"}, plain, fresh, nil)
	for name, table := range map[string]func() [][]float64{
		"equal": func() (all [][]float64) {
			for _, row := range rows {
				all = append(all, []float64{row[0], row[1], 0.3})
			}
			return all
		},
		"zeros": func() (all [][]float64) {
			for i, row := range rows {
				all = append(all, []float64{row[0], row[1], 5}, []float64{1e300 * float64(i-200), float64(i), 0})
			}
			return all
		},
	} {
		_, r, got := ofTable(t, []string{"x", "y", "w"}, table(), fresh, byWeight)
		if !slices.Equal(got, wantLP) || fmt.Sprint(r.Compared, r.Train, r.Test, r.Calibration, r.Typical) != fmt.Sprint(want.Compared, want.Train, want.Test, want.Calibration, want.Typical) {
			t.Errorf("%s: log-densities %v, without weights %v", name, got, wantLP)
		}
		if name == "zeros" && r.Source.Weightless != 400 {
			t.Errorf("%d rows of weight 0, expected 400", r.Source.Weightless)
		}
	}
}

// Shares of atoms are those of the weights.
func TestWeightsOfAtoms(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	var rows [][]float64
	for i := range 2000 {
		row := []float64{0, rng.NormFloat64(), 3}
		if i%2 == 0 {
			row[0], row[2] = math.Exp(rng.NormFloat64()), 1
		}
		rows = append(rows, row)
	}
	m, _, _ := ofTable(t, []string{"rain", "y", "w"}, rows, [][]float64{{0, 0}}, func(c *FitConfig) { c.Weights, c.Steps = "w", 100 })
	share := 0.0
	for _, member := range m.Saved.Members {
		if len(m.Saved.Atoms.Values[0]) == 1 && member.At[0] == 1 {
			share += member.Weight
		}
	}
	if math.Abs(share-0.75) > 0.03 {
		t.Errorf("exact zeros have the share %.3f, expected 0.75", share)
	}
}

func TestWrongWeights(t *testing.T) {
	rows := twoHills(200, 2)
	with := func(line int, w float64) [][]float64 {
		all := slices.Clone(rows)
		all[line-2] = []float64{0, 0, w}
		return all
	}
	none := slices.Clone(rows)
	for i := range none {
		none[i] = []float64{rows[i][0], rows[i][1], 0}
	}
	for _, tt := range []struct {
		want   string
		rows   [][]float64
		change func(c *FitConfig)
	}{
		{`t.csv: line 17, column "w": found -2, expected a weight, which is a number from 0 on`, with(17, -2), byWeight},
		{`t.csv: column "w": found the weight 0 in all rows, expected one above 0`, none, byWeight},
		{`t.csv: column "w": found one row with nearly all of the weight, expected weights of more rows to count`, with(17, 1e300), byWeight},
		{`there is no column "weight"`, rows, func(c *FitConfig) { c.Weights = "weight" }},
		{`column "w" is named for something else too`, rows, func(c *FitConfig) { c.Weights, c.Exclude = "w", []string{"w"} }},
		{`column "w" is named twice`, rows, func(c *FitConfig) { c.Weights, c.Columns = "w", []string{"1", "3"} }},
	} {
		if _, _, _, err := fitTo(t, []string{"x", "y", "w"}, tt.rows, tt.change); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got %v, expected %q", err, tt.want)
		}
	}
	dir, _ := fitted(t, small())
	m := open(t, dir, "auto")
	for want, o := range map[string]Options{
		`line 17, column "w": found -2`: {Weights: "w"},
		`column "a" is part of`:         {Weights: "a"},
		`there is no column "v"`:        {Weights: "v"},
	} {
		_, err := m.Evaluate(context.Background(), write(t, "t.csv", []string{"a", "b", "w"}, with(17, -2)), o, 1)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("eval: got %v, expected %q", err, want)
		}
	}
}

// Sums by weights are those of rows that are there as often; the error is that of Kish's
// effective rows.
func TestSumsByWeights(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	var lp, w []float64
	for range 500 {
		lp, w = append(lp, 1e4+rng.NormFloat64()), append(w, rng.ExpFloat64())
	}
	got, err := newNLL(lp, w, 2)
	if err != nil {
		t.Fatal(err)
	}
	sum, squares, mean, off := 0.0, 0.0, 0.0, 0.0
	for i, v := range w {
		sum, squares, mean = sum+v, squares+v*v, mean-v*lp[i]
	}
	mean /= sum
	for i, v := range w {
		off += v * v * (lp[i] + mean) * (lp[i] + mean)
	}
	n := sum * sum / squares
	if se := math.Sqrt(off/(sum*sum)) * math.Sqrt(n/(n-1)); math.Abs(got.Mean-mean) > 1e-8 || math.Abs(got.SE-se) > 1e-9 {
		t.Errorf("got %g ± %g, expected %g ± %g", got.Mean, got.SE, mean, se)
	}
	for i := range w {
		w[i] = 0.5
	}
	same, _ := newNLL(lp, w, 2)
	plain, _ := newNLL(lp, nil, 2)
	if math.Abs(same.SE-plain.SE) > 1e-12 || math.Abs(same.Mean-plain.Mean) > 1e-9 {
		t.Errorf("equal weights give %v, none %v", same, plain)
	}
}

// Each value stands there as often as its weight says, and equal weights change nothing.
func TestProportional(t *testing.T) {
	for _, tt := range []struct{ weights, want []float64 }{
		{nil, []float64{1, 2, 3, 4}},
		{[]float64{7, 7, 7, 7}, []float64{1, 2, 3, 4}},
		{[]float64{0, 1, 0, 3}, []float64{2, 4, 4, 4}},
		{[]float64{1e-9, 0, 1, 0}, []float64{3, 3, 3, 3}},
	} {
		if got := proportional([]float64{1, 2, 3, 4}, tt.weights); !slices.Equal(got, tt.want) {
			t.Errorf("weights %v: got %v, expected %v", tt.weights, got, tt.want)
		}
	}
}
