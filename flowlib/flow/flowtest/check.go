// Package flowtest checks whole flows: that the density integrates to 1 and is that of
// the draws, and what package bijectortest wants of the chain. It is public so that flows
// of your own can take the same test.
package flowtest

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gomlx/compute/dtypes"

	"normflow/flowlib/backend"
	"normflow/flowlib/bijector"
	"normflow/flowlib/bijector/bijectortest"
	"normflow/flowlib/flow"
)

// Check runs [bijectortest.CheckWith] on the chain within tol, with opts as there, whose
// Context is the flow's. It then makes a model of the base and the chain, in float64 and
// with random parameters, and reports where
//
//   - in one or two dimensions, the integral of the density over a part of the space is
//     not the share of draws there, by more than five standard errors and 1 %: the box
//     that holds most draws, which together with those outside says that the integral
//     over all is 1, and each of the cells that the box is cut into;
//   - the log-density of a draw differs from that which drawing says by more than tol,
//     relative to max(1, |log p|);
//   - the model, saved and loaded, gives another number. A flow that cannot be saved,
//     since no name is registered for a part of it, is passed over.
func Check(t testing.TB, b flow.Base, chain bijector.Chain, features int, tol float64, opts bijectortest.Options) {
	t.Helper()
	bijectortest.CheckWith(t, chain, features, tol, opts)
	be, err := backend.Open("go")
	if err != nil {
		t.Fatal(err)
	}
	c := checker{t: t}
	s := flow.Settings{Features: features, Context: opts.Context, Seed: 1, DType: dtypes.Float64}
	if c.model, err = flow.NewModel(be, flow.New(b, chain), s); err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 3))
	for range opts.Context {
		c.context = append(c.context, rng.NormFloat64())
	}
	c.randomize(rng)
	x := c.draws(tol)
	if features <= 2 {
		c.masses(x)
	}
	c.reload(x[:100])
}

type checker struct {
	t       testing.TB
	model   *flow.Model
	context []float64
}

// randomize moves the trained weights away from the identity that they start as, and
// says of those that wait for data that they have had them.
func (c *checker) randomize(rng *rand.Rand) {
	c.t.Helper()
	bijectortest.Randomize(c.model.Store(), 0.3, 2)
	x := make([][]float64, 50)
	for i := range x {
		for range c.model.Columns() {
			x[i] = append(x[i], rng.Float64())
		}
	}
	if err := c.model.Initialize(x); err != nil {
		c.t.Fatal(err)
	}
}

const numDraws = 40000

// draws returns some, and checks what drawing says of their densities.
func (c *checker) draws(tol float64) [][]float64 {
	c.t.Helper()
	s := flow.Sampling{Seed: 1, Count: numDraws, Temperature: 1, LogProb: true}
	if c.context != nil {
		s.Context = [][]float64{c.context}
	}
	d, err := c.model.Draw(s)
	if err != nil {
		c.t.Fatal(err)
	}
	few := d.X[:200]
	for i, lp := range c.logProb(few) {
		if !(math.Abs(lp-d.LogProb[i]) <= tol*max(1, math.Abs(lp))) {
			c.t.Errorf("draw %v has the log-density %.12g, and was drawn with %.12g", few[i], lp, d.LogProb[i])
		}
	}
	return d.X
}

func (c *checker) logProb(x [][]float64) []float64 {
	c.t.Helper()
	rows := make([][]float64, len(x))
	for i, row := range x {
		rows[i] = slices.Concat(row, c.context)
	}
	logProb, err := c.model.LogProb(rows)
	if err != nil {
		c.t.Fatal(err)
	}
	return logProb
}

// masses compares the density with the draws, over a box and over its cells.
func (c *checker) masses(x [][]float64) {
	c.t.Helper()
	const cells, fine = 4, 75 // a side; points for the integral over a cell, each way
	d := len(x[0])
	lo, width := make([]float64, d), make([]float64, d) // of the box
	for j := range d {
		column := make([]float64, len(x))
		for i := range x {
			column[i] = x[i][j]
		}
		slices.Sort(column)
		lo[j] = column[len(x)/40]
		width[j] = column[len(x)-1-len(x)/40] - lo[j]
	}
	share, mass := map[[2]int]float64{}, map[[2]int]float64{}
	for _, row := range x {
		var cell [2]int
		inside := true
		for j, v := range row {
			cell[j] = int(math.Floor((v - lo[j]) / width[j] * cells))
			inside = inside && cell[j] >= 0 && cell[j] < cells
		}
		if inside {
			share[cell] += 1. / numDraws
		}
	}
	const side = cells * fine
	points, volume := make([][]float64, int(math.Pow(side, float64(d)))), 1.
	for j := range d {
		volume *= width[j] / side
	}
	for i := range points {
		for j, n := 0, i; j < d; j, n = j+1, n/side {
			points[i] = append(points[i], lo[j]+width[j]*(float64(n%side)+0.5)/side)
		}
	}
	for i, lp := range c.logProb(points) {
		var cell [2]int
		for j, n := 0, i; j < d; j, n = j+1, n/side {
			cell[j] = n % side / fine
		}
		mass[cell] += math.Exp(lp) * volume
	}
	inBox, integral := 0., 0.
	for cell, m := range mass {
		inBox, integral = inBox+share[cell], integral+m
		c.compare("a cell", m, share[cell])
	}
	c.compare("the box that holds most draws", integral, inBox)
}

func (c *checker) compare(where string, integral, share float64) {
	c.t.Helper()
	if se := math.Sqrt(max(share, 1./numDraws) / numDraws); !(math.Abs(integral-share) <= 5*se+0.01*share) {
		c.t.Errorf("the density integrates to %.4f over %s, which has %.4f of the draws: the integral over all would be %.4f", integral, where, share, 1+integral-share)
	}
}

func (c *checker) reload(x [][]float64) {
	c.t.Helper()
	dir := c.t.TempDir()
	if _, err := c.model.Tree(); err != nil {
		c.t.Logf("not saved: %v", err)
		return
	}
	if err := c.model.Save(dir+"/model", nil); err != nil {
		c.t.Fatal(err)
	}
	before := c.logProb(x)
	again := *c
	var err error
	if again.model, err = flow.Load(c.model.Backend(), dir+"/model"); err != nil {
		c.t.Fatal(err)
	}
	if after := again.logProb(x); !slices.Equal(before, after) {
		c.t.Errorf("loaded, the log-density of %v is %g, and was %g", x[0], after[0], before[0])
	}
}
