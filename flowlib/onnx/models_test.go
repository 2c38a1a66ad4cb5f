package onnx_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gomlx/gomlx/ml/layers/activation"
	"github.com/janpfeifer/must"

	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/base"
	"normflow/flowlib/bijector"
	"normflow/flowlib/bijector/bijectortest"
	"normflow/flowlib/columns"
	"normflow/flowlib/dataset"
	"normflow/flowlib/flow"
)

func TestMain(m *testing.M) { backendtest.Main(m) }

// example is a model whose graphs are compared with it.
type example struct {
	name  string
	model *flow.Model // nil of a mixture
	mixed *flow.Mixture
	rows  [][]float64
}

// scalers are those of a table of columns that differ in place and width.
func scalers(features, context int) (of, given *dataset.Standardizer) {
	make := func(d int) *dataset.Standardizer {
		if d == 0 {
			return nil
		}
		s := &dataset.Standardizer{}
		for i := range d {
			s.Mean, s.Std = append(s.Mean, 3*float64(i)-1), append(s.Std, 0.5+float64(i))
		}
		return s
	}
	return make(features), make(context)
}

// configs are entries of the zoo, and one for each value of a field of a config.
func configs() (names []string, all []flow.Config) {
	add := func(name string, c flow.Config) { names, all = append(names, name), append(all, c) }
	for _, name := range []string{"realnvp", "nice", "glow", "nsf", "gaussian", "nsf+plain", "realnvp+actnorm+lu+mixture", "nsf+lu"} {
		for _, features := range []int{1, 3} {
			add(fmt.Sprint(name, features), must.M1(flow.Named(name, features)))
		}
		conditional := must.M1(flow.Named(name, 2))
		conditional.Context = 2
		add(name+" given", conditional)
	}
	change := func(name string, to func(*flow.Config)) {
		c := flow.RealNVP(3)
		to(&c)
		add(name, c)
	}
	for _, act := range []string{"relu", "tanh", "silu", "gelu", "leaky_relu", "sigmoid"} {
		change(act, func(c *flow.Config) { c.Activation = act })
	}
	for _, b := range []string{"diagnormal", "uniform", "student"} {
		change(b, func(c *flow.Config) {
			c.Base = b
			if b == "student" {
				c.Freedom = 2.5
			}
		})
	}
	change("residual", func(c *flow.Config) { c.Residual = true })
	change("no hidden layer", func(c *flow.Config) { c.Hidden = nil })
	change("softclip", func(c *flow.Config) { c.Scale = bijector.ScaleSoftclip })
	change("exp", func(c *flow.Config) { c.Scale, c.MaxLogScale = bijector.ScaleExp, 0 })
	change("halves", func(c *flow.Config) { c.Mask = "halves" })
	change("random", func(c *flow.Config) { c.Mask = "random" })
	change("whitened", func(c *flow.Config) {
		c.Scaler = &dataset.Standardizer{Mean: []float64{1.76e9, 52.5, 1e12}, Std: []float64{1000, 1e-4, 1e6}, Factor: [][]float64{{1}, {0.6, 0.8}, {-0.9, 0.3, 0.1}}}
	})
	return names, all
}

// chains are flows that no config says.
func chains() map[string]*flow.Flow {
	coupling := func(act activation.Type) bijector.Bijector {
		return bijector.NewCoupling(bijector.Halves(2, act%2 == 0), bijector.MLP(act, 5), bijector.Affine{})
	}
	normal := base.Normal{Features: 2}
	all := map[string]*flow.Flow{
		"turned": flow.New(normal, bijector.Chain{
			bijector.Invert{Bijector: bijector.NewLU(2)}, coupling(activation.TypeTanh), bijector.Reversal(2),
			bijector.Chain{bijector.NewActNorm(2), bijector.Invert{Bijector: bijector.NewCoupling(bijector.Alternating(2, true), bijector.ResidualMLP(activation.TypeTanh, 4, 0), bijector.Spline{Bins: 5, Bound: 3})}},
			bijector.NewElementwise([]float64{1, -2}, []float64{0.5, 3}),
		}),
		"between bounds": flow.New(normal, bijector.Chain{coupling(activation.TypeRelu), bijector.NewLogit([]float64{0, -2}, []float64{1, 7})}),
		"tails":          flow.New(base.NewStudentT(0.7, 1e5), bijector.Chain{coupling(activation.TypeRelu)}),
		"box":            flow.New(base.NewUniform([]float64{-4, 1}, []float64{4, 3}), bijector.Chain{bijector.NewElementwise([]float64{0, -2}, []float64{1, 1})}),
	}
	for _, act := range activation.TypeValues() {
		if act != activation.TypeSwiGLU { // halves its inputs, which no conditioner expects
			all[act.String()] = flow.New(normal, bijector.Chain{coupling(act)})
		}
	}
	return all
}

// examples are models whose weights are not those of the identity, with rows to score.
func examples(t *testing.T) (all []example) {
	t.Helper()
	be := backendtest.Open(t)
	rng := rand.New(rand.NewPCG(3, 4))
	add := func(name string, m *flow.Model) {
		all = append(all, stray(t, name, m, rng))
	}
	names, cs := configs()
	for i, c := range cs {
		c.Layers = min(c.Layers, 3)
		if c.Components > 0 {
			c.Components = 4
		}
		if c.Hidden != nil {
			c.Hidden = []int{7, 7}
		}
		of, given := scalers(c.Features, c.Context)
		if c.Scaler == nil {
			c.Scaler = of
		}
		c.ContextScaler = given
		m := must.M1(c.NewModel(be))
		add(names[i], m)
		if i%3 == 0 {
			add(names[i]+" in float64", must.M1(m.Float64()))
		}
	}
	own := chains()
	for _, name := range slices.Sorted(maps.Keys(own)) { // the rows are random ones in a row
		m := must.M1(flow.NewModel(be, own[name], flow.Settings{Features: 2, Seed: 1}))
		add(name, m)
		if name == "Gelu" || name == "turned" {
			add(name+" in float64", must.M1(m.Float64()))
		}
	}
	return append(all, mixtures(t)...)
}

// stray moves the weights away from where they start, and makes rows: draws, and some far
// out.
func stray(t *testing.T, name string, m *flow.Model, rng *rand.Rand) example {
	t.Helper()
	bijectortest.Randomize(m.Store(), 0.3, 2)
	var start [][]float64
	for range 40 {
		row := make([]float64, m.Columns())
		for j := range row {
			row[j] = rng.Float64()
		}
		start = append(start, row)
	}
	must.M(m.Initialize(start))
	var rows [][]float64
	for range 60 {
		row := make([]float64, m.Columns())
		for j := range row {
			row[j] = 2 * rng.NormFloat64()
		}
		rows = append(rows, row)
	}
	for _, far := range []float64{1e3, -1e4, 1e6} {
		row := slices.Clone(rows[0])
		row[rng.IntN(len(row))] = far
		rows = append(rows, row)
	}
	for i := range rows { // in the units of the data
		units := m.Units()
		units.Invert(rows[i], rows[i])
	}
	s := must.M1(m.Saved(nil))
	return example{name, m, must.M1(flow.NewMixture(nil, []flow.Member{{Weight: 1, Saved: s}})), rows}
}

func savedOf(t *testing.T, c flow.Config) *flow.Saved {
	t.Helper()
	m := must.M1(c.NewModel(backendtest.Open(t)))
	bijectortest.Randomize(m.Store(), 0.2, 5)
	return must.M1(m.Saved(nil))
}

// mixtures are models of several flows, behind maps of all kinds, with atoms.
func mixtures(t *testing.T) []example {
	nsf, nvp := flow.NSF(2), flow.RealNVP(2)
	nsf.Layers, nsf.Hidden, nvp.Layers, nvp.Hidden = 2, []int{4}, 2, []int{4}
	wide := flow.Gaussian(2)
	wide.Scaler = &dataset.Standardizer{Mean: []float64{1, -1}, Std: []float64{9, 9}}
	members := []flow.Member{{Weight: 3, Saved: savedOf(t, nsf)}, {Weight: 2, Saved: savedOf(t, nvp)}, {Weight: 1, Saved: savedOf(t, wide)}}
	mix := func(name string, of []flow.Member, c columns.Map, rows ...[]float64) example {
		return example{name, nil, must.M1(flow.NewMixture(c, of)), rows}
	}
	plain := func(rows ...[]float64) [][]float64 {
		return append(rows, []float64{0.3, 0.2}, []float64{2, 1e-3}, []float64{5, 4}, []float64{1e3, 0.5}, []float64{0.7, 1e6}, []float64{1e9, 0.9})
	}
	one := flow.Gaussian(1)
	one.Scaler = &dataset.Standardizer{Mean: []float64{1}, Std: []float64{0.8}}
	atomic := must.M1(flow.NewAtomic(columns.Map{{Kind: columns.Positive, Softness: 1}, {}}, flow.Atoms{
		Values: [][]float64{{0}, {1, 5}},
		Points: []flow.Point{{Weight: 2, At: []int{1, 1}}},
		Rest:   flow.Rest{Weight: 0.5, Mean: []float64{1, 2}, Std: []float64{1, 0.5}, Shares: [][]float64{{0.5, 0.5}, {0.2, 0.3, 0.5}}},
	}, nil, []flow.Member{
		{Weight: 3, Saved: savedOf(t, nsf), At: []int{0, 0}}, {Weight: 1, Saved: savedOf(t, wide), At: []int{0, 0}},
		{Weight: 2, Saved: savedOf(t, one), At: []int{1, 0}}, {Weight: 1.5, Saved: savedOf(t, one), At: []int{0, 2}},
	}))
	return []example{
		mix("mixture", members, nil, plain([]float64{-3, 0}, []float64{-1e6, 1e4})...),
		mix("positive and bounded", members, columns.Map{
			{Kind: columns.Positive, Low: -1, Softness: 2, Margin: 0.5}, {Kind: columns.Bounded, High: 1, Margin: 0.01},
		}, plain([]float64{-1, 0}, []float64{-1 + 1e-9, 1}, []float64{-2, 0.5}, []float64{1, 1 - 1e-12}, []float64{1, 1e-300})...),
		mix("logarithmic, with tails", members, columns.Map{
			{Kind: columns.Positive, Center: 0.25, Scale: 2, Freedom: 3}, {Kind: columns.Bounded, Low: -9, High: 1e7, Center: -1, Scale: 0.5, Freedom: 8},
		}, plain([]float64{1e-200, -9}, []float64{1e200, 3})...),
		mix("tails and a circle", members[:1], columns.Map{
			{Kind: columns.Tails, Center: 0.5, Scale: 2, Freedom: 0.3}, {Kind: columns.Periodic, High: 24, Cut: 3},
		}, plain([]float64{0.5, 3}, []float64{-1e300, -40}, []float64{0.5 + 1e-12, 23.999}, []float64{7, 1e5})...),
		mix("below zero", members, columns.Map{
			{Kind: columns.Positive, Mirrored: true, Low: -1, Softness: 2, Margin: 0.5, Center: 0.25, Scale: 2, Freedom: 3}, {Kind: columns.Bounded, Mirrored: true, High: 1},
		}, []float64{-3, -0.2}, []float64{1, -0.5}, []float64{2, -0.5}, []float64{0.5, 0.5}, []float64{-1e9, -1e-12}, []float64{-7, -1 + 1e-9}),
		mix("light tails", members[1:], columns.Map{
			{Kind: columns.Tails, Center: 5, Scale: 1e-3, Freedom: 100}, {Kind: columns.Continuous},
		}, plain([]float64{5, 3}, []float64{4.999, -40}, []float64{5.003, 23.999})...),
		{"atoms", nil, atomic, [][]float64{{0.5, 2}, {0, 1}, {0, 5}, {0, 2}, {3, 5}, {3, 1}, {-1, 2}, {-1, 5}, {1e6, 1e3}}},
	}
}
