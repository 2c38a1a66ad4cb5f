package flow_test

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"normflow/flowlib/columns"
	"normflow/flowlib/dataset"
	"normflow/flowlib/density"
	"normflow/flowlib/flow"
)

// kind is a mixture of one kind, and how to integrate over each of its features.
type kind struct {
	mixture *flow.Mixture
	over    []axis
	context []float64
}

// axis is a feature as a smooth function of t, which goes over all of its support while t
// goes from -1 to 1, with log|dx/dt|; and its atoms.
type axis struct {
	x     func(t float64) (x, logSlope float64) // nil: there are only atoms
	atoms []float64
}

// line is the whole line, far beyond where a Cauchy density is.
func line(atoms ...float64) axis {
	return axis{func(t float64) (float64, float64) {
		return math.Sinh(14 * t), math.Log(14 * math.Cosh(14*t))
	}, atoms}
}

// above is what is above an edge, and below, for a sign of -1, what is below it.
func above(edge, sign float64, atoms ...float64) axis {
	return axis{func(t float64) (float64, float64) {
		s := 30 * t
		return edge + sign*math.Exp(s), s + math.Log(30)
	}, atoms}
}

// between are two edges, to which points crowd.
func between(low, high float64) axis {
	return axis{func(t float64) (float64, float64) {
		s := 25 * t
		u := 1 / (1 + math.Exp(-s))
		return low + (high-low)*u, math.Log(25*(high-low)) - s - 2*math.Log1p(math.Exp(-s))
	}, nil}
}

// around is a circle.
func around(low, high float64) axis {
	return axis{func(t float64) (float64, float64) {
		return low + (high-low)*(t+1)/2, math.Log((high - low) / 2)
	}, nil}
}

// codes are those of a category.
func codes(n int) axis {
	all := make([]float64, n)
	for i := range all {
		all[i] = float64(i)
	}
	return axis{nil, all}
}

// spline is a small flow of splines, its weights far from those of the identity.
func spline(t *testing.T, features, context int, base string) *flow.Saved {
	t.Helper()
	c, err := flow.Named("nsf", features)
	if err != nil {
		t.Fatal(err)
	}
	c.Layers, c.Hidden, c.Bins, c.Context = 2, []int{6}, 5, context
	c.Base, c.Components, c.Freedom = base, 0, 0
	if base == "mixture" {
		c.Components = 2
	}
	s := savedOf(t, c)
	for _, w := range s.Weights {
		for i := range w.Values {
			w.Values[i] = float64(float32(w.Values[i] + 0.4*math.Sin(float64(3*i+len(w.Values)))))
		}
	}
	return s
}

func cauchy(t *testing.T, features int) *flow.Saved {
	t.Helper()
	c := flow.Gaussian(features)
	c.Base, c.Freedom = "student", 1
	return savedOf(t, c)
}

func leaning(t *testing.T, a, b float64) *flow.Saved {
	t.Helper()
	c := flow.Gaussian(2)
	c.Scaler = &dataset.Standardizer{Mean: []float64{1, -0.5}, Std: []float64{a, b}, Factor: [][]float64{{1}, {0.8, 0.6}}}
	return savedOf(t, c)
}

// kinds are all that a fit of a table makes.
func kinds(t *testing.T) map[string]kind {
	t.Helper()
	of := func(maps columns.Map, members ...*flow.Saved) *flow.Mixture {
		var all []flow.Member
		for i, s := range members {
			all = append(all, flow.Member{Weight: float64(i + 1), Saved: s})
		}
		m, err := flow.NewMixture(maps, all)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	one := func(c columns.Column, over axis) kind {
		return kind{mixture: of(columns.Map{c}, spline(t, 1, 0, "")), over: []axis{over}}
	}
	return map[string]kind{
		"gaussian":            {mixture: of(nil, leaning(t, 0.5, 3)), over: []axis{line(), line()}},
		"gaussian mixture":    {mixture: of(nil, gaussianAt(t, 0.5, 4), gaussianAt(t, 2, -1), gaussianAt(t, 0.1, 0)), over: []axis{line()}},
		"wide":                {mixture: of(nil, cauchy(t, 1)), over: []axis{line()}},
		"flow":                {mixture: of(nil, spline(t, 2, 0, "")), over: []axis{line(), line()}},
		"flow over a mixture": {mixture: of(nil, spline(t, 2, 0, "mixture")), over: []axis{line(), line()}},
		"stacked":             {mixture: of(nil, leaning(t, 2, 0.5), gaussianAt(t, 1, 2, 2), cauchy(t, 2), spline(t, 2, 0, "")), over: []axis{line(), line()}},

		"softplus":       one(columns.Column{Kind: columns.Positive, Low: 2, Softness: 0.5}, above(2, 1)),
		"logarithm":      one(columns.Column{Kind: columns.Positive, Low: -0.5}, above(-0.5, 1)),
		"log with tails": one(columns.Column{Kind: columns.Positive, Center: 0.3, Scale: 0.7, Freedom: 4}, above(0, 1)),
		"bounded":        one(columns.Column{Kind: columns.Bounded, Low: -0.5, High: 100.5}, between(-0.5, 100.5)),
		"negative":       one(columns.Column{Kind: columns.Positive, Mirrored: true, Low: 1, Softness: 2}, above(-1, -1)),
		"tails":          one(columns.Column{Kind: columns.Tails, Center: 1, Scale: 0.5, Freedom: 1.5}, line()),
		"periodic":       one(columns.Column{Kind: columns.Periodic, High: 360, Cut: 100}, around(0, 360)),
		"two maps": {
			mixture: of(columns.Map{{Kind: columns.Positive, Softness: 2}, {Kind: columns.Bounded, High: 1}}, leaning(t, 0.6, 0.8), spline(t, 2, 0, "")),
			over:    []axis{above(0, 1), between(0, 1)},
		},
		"atoms":   {mixture: atomic(t), over: []axis{above(0, 1, 0), line(1, 5)}},
		"missing": {mixture: atomicOf(t, flow.Missing), over: []axis{above(0, 1, 0), line(flow.Missing, 5)}},

		"categories": {mixture: categorical(t), over: []axis{codes(3), above(0, 1), codes(2)}},

		"atoms beside categories": {mixture: atomicCategorical(t), over: []axis{codes(3), above(0, 1, 0)}},

		"conditional": {
			mixture: of(columns.Map{{Kind: columns.Positive, Softness: 1}}, spline(t, 1, 2, ""), spline(t, 1, 2, "mixture")),
			over:    []axis{above(0, 1)}, context: []float64{0.7, -1.2},
		},
	}
}

// Every kind of model integrates to one over its support, with sums over atoms; draws have
// the shares and the log-densities that scoring says; and on disk, exported and imported it
// is the same to the last bit.
func TestEveryKind(t *testing.T) {
	for name, k := range kinds(t) {
		t.Run(name, func(t *testing.T) {
			e, err := k.mixture.Engine(fastEngine)
			if err != nil {
				t.Fatal(err)
			}
			mass, total := k.integrate(t, e)
			if !(math.Abs(total-1) < 2e-3) {
				t.Errorf("the density integrates to %.5f", total)
			}
			x := k.compareDraws(t, e, mass)
			k.again(t, e, x)
		})
	}
}

const cells = 8 // of an axis

// grid returns the points of an axis, with the logarithms of the lengths that they stand for
// and their cells; atoms have length 1 and cells of their own.
func (a axis) grid(n int) (x, logLength []float64, cell []int) {
	if a.x == nil {
		n = 0
	}
	for i := range n {
		v, slope := a.x(-1 + (float64(i)+0.5)*2/float64(n))
		if slices.Contains(a.atoms, v) { // where the density is that of the atom
			v = math.Nextafter(v, math.Inf(1))
		}
		x, logLength, cell = append(x, v), append(logLength, slope+math.Log(2/float64(n))), append(cell, i*cells/n)
	}
	for i, v := range a.atoms {
		x, logLength, cell = append(x, v), append(logLength, 0), append(cell, cells+i)
	}
	return x, logLength, cell
}

// cellOf is that of a value.
func (a axis) cellOf(v float64) int {
	if at := slices.Index(a.atoms, v); at >= 0 {
		return cells + at
	}
	rising := func() bool { low, _ := a.x(-0.1); high, _ := a.x(0.1); return low < high }()
	for c := range cells - 1 {
		if edge, _ := a.x(-1 + 2*float64(c+1)/cells); rising == (v < edge) {
			return c
		}
	}
	return cells - 1
}

// integrate returns the probability of each cell, and their sum.
func (k kind) integrate(t *testing.T, e flow.Engine) (mass map[string]float64, total float64) {
	t.Helper()
	points := 6400
	if len(k.over) == 2 {
		points = 480
	}
	type place struct {
		log  float64
		cell string
	}
	rows, places := [][]float64{nil}, []place{{}}
	for _, a := range k.over {
		x, length, cell := a.grid(points)
		var nextRows [][]float64
		var nextPlaces []place
		for i, row := range rows {
			for n, v := range x {
				nextRows = append(nextRows, append(slices.Clone(row), v))
				nextPlaces = append(nextPlaces, place{places[i].log + length[n], fmt.Sprint(places[i].cell, " ", cell[n])})
			}
		}
		rows, places = nextRows, nextPlaces
	}
	mass = map[string]float64{}
	for i, lp := range k.score(t, e, rows) {
		p := math.Exp(lp + places[i].log)
		mass[places[i].cell] += p
		total += p
	}
	return mass, total
}

func (k kind) score(t *testing.T, e flow.Engine, rows [][]float64) []float64 {
	t.Helper()
	if k.context != nil {
		given := make([][]float64, len(rows))
		for i, row := range rows {
			given[i] = slices.Concat(row, k.context)
		}
		rows = given
	}
	logProb, err := density.LogProb(e, rows)
	if err != nil {
		t.Fatal(err)
	}
	return logProb
}

// compareDraws returns draws.
func (k kind) compareDraws(t *testing.T, e flow.Engine, mass map[string]float64) (x [][]float64) {
	t.Helper()
	const n = 40000
	s := flow.Sampling{Seed: 3, Count: n, Temperature: 1, LogProb: true}
	if k.context != nil {
		s.Context = [][]float64{k.context}
	}
	var said []float64
	for d, err := range e.DrawChunks(s) {
		if err != nil {
			t.Fatal(err)
		}
		x, said = append(x, d.X...), append(said, d.LogProb...)
	}
	share := map[string]float64{}
	for _, row := range x {
		cell := ""
		for d, v := range row {
			cell = fmt.Sprint(cell, " ", k.over[d].cellOf(v))
		}
		share[cell] += 1. / n
		mass[cell] += 0 // so that it is looked at
	}
	for cell, p := range mass {
		if se := math.Sqrt(max(p, 1./n) / n); !(math.Abs(share[cell]-p) < 5*se+2e-3*p) {
			t.Errorf("cell %s holds %.5f of the draws and %.5f of the density", cell, share[cell], p)
		}
	}
	var off []float64
	for i, lp := range k.score(t, e, x) {
		off = append(off, math.Abs(lp-said[i])/(1+math.Abs(lp)))
	}
	slices.Sort(off)
	if median, most := off[n/2], off[n*99/100]; !(median < 1e-4) || !(most < 5e-2) { // draws are rounded
		t.Errorf("log-densities of draws are off by %g at the median, by more than %g for one in a hundred", median, most)
	}
	return x
}

// again saves, exports and imports the model.
func (k kind) again(t *testing.T, e flow.Engine, x [][]float64) {
	t.Helper()
	want := k.score(t, e, x[:500])
	same := func(what string, m *flow.Mixture, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		again, err := m.Engine(fastEngine)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if got := k.score(t, again, x[:500]); !slices.Equal(got, want) {
			t.Errorf("%s: the log-density of %v is %v, and was %v", what, x[0], got[0], want[0])
		}
		seed := flow.Sampling{Seed: 5, Count: 50, Temperature: 1}
		if k.context != nil {
			seed.Context = [][]float64{k.context}
		}
		first := func(e flow.Engine) (all [][]float64) {
			for d, err := range e.DrawChunks(seed) {
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, d.X...)
			}
			return all
		}
		if a, b := first(again), first(e); fmt.Sprint(a) != fmt.Sprint(b) {
			t.Errorf("%s: draws %v, and drew %v", what, a[0], b[0])
		}
	}
	dir := t.TempDir()
	if err := k.mixture.Write(filepath.Join(dir, "m")); err != nil {
		t.Fatal(err)
	}
	m, err := flow.ReadMixture(filepath.Join(dir, "m"))
	same("read", m, err)
	for _, file := range []string{"m.npz", "m.safetensors"} {
		path := filepath.Join(dir, file)
		if err := k.mixture.Export(path); err != nil {
			t.Fatal(err)
		}
		m, err := flow.ImportMixture(path, nil)
		same(file, m, err)
	}
}
