package runs

import (
	"github.com/janpfeifer/must"

	"normflow/flowlib/bijector/bijectortest"
	"normflow/flowlib/flow"
)

// RandomFlow returns a flow over two features with random weights, to show what a
// coupling layer does before it has learned anything.
func RandomFlow(layers int, seed int64) *flow.Model {
	cfg := flow.RealNVP(2)
	cfg.Layers, cfg.Hidden = layers, []int{16, 16}
	m := must.M1(cfg.NewModel(Backend()))
	bijectortest.Randomize(m.Store(), 0.25, seed)
	return m
}
