package flow

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/ml/layers/activation"

	"normflow/flowlib/base"
	"normflow/flowlib/bijector"
	"normflow/flowlib/dataset"
)

// Config describes a flow completely, so that a saved model can be rebuilt from
// it. Change the fields you care about in [DefaultConfig].
type Config struct {
	Architecture string  `json:"architecture"`  // "realnvp"
	Features     int     `json:"features"`      // D, at least 2
	Layers       int     `json:"layers"`        // coupling layers, masks alternating
	Hidden       []int   `json:"hidden"`        // widths of the conditioner's hidden layers
	MaxLogScale  float64 `json:"max_log_scale"` // bound on |s| of one layer, nats
	InputBound   float64 `json:"input_bound"`   // where a conditioner's input is cut off
	Seed         int64   `json:"seed"`          // of the initial weights
	// Scaler makes the flow work in standardized units inside, while densities
	// and samples stay in the units of the data; nil leaves the data as it is.
	Scaler *dataset.Standardizer `json:"scaler,omitempty"`
}

// DefaultConfig is a RealNVP of 8 coupling layers with conditioners of two
// hidden layers of 64: 35,344 parameters at two features.
func DefaultConfig(features int) Config {
	return Config{
		Architecture: "realnvp",
		Features:     features,
		Layers:       8,
		Hidden:       []int{64, 64},
		MaxLogScale:  bijector.DefaultMaxLogScale,
		InputBound:   bijector.DefaultInputBound,
	}
}

// MaxLayers bounds Config.Layers: beyond it, compiling takes longer than any
// gain is worth.
const MaxLayers = 64

// Build returns the flow that c describes. The error names the field that is
// wrong, what it holds and what it may hold.
func (c Config) Build() (*Flow, error) {
	switch {
	case c.Architecture != "realnvp":
		return nil, fmt.Errorf("flow: unknown architecture %q, known: realnvp", c.Architecture)
	case c.Features < 2:
		return nil, fmt.Errorf("flow: a coupling flow needs at least 2 features, got %d: one half of the features steers the other", c.Features)
	case c.Layers < 1 || c.Layers > MaxLayers:
		return nil, fmt.Errorf("flow: layers must be between 1 and %d, got %d", MaxLayers, c.Layers)
	case !(c.MaxLogScale > 0) || math.IsInf(c.MaxLogScale, 0):
		return nil, fmt.Errorf("flow: max_log_scale must be positive and finite, got %g", c.MaxLogScale)
	case !(c.InputBound > 0) || math.IsInf(c.InputBound, 0):
		return nil, fmt.Errorf("flow: input_bound must be positive and finite, got %g", c.InputBound)
	}
	for _, width := range c.Hidden {
		if width < 1 || width > 1<<16 {
			return nil, fmt.Errorf("flow: hidden widths must be between 1 and 65536, got %v", c.Hidden)
		}
	}
	var chain bijector.Chain
	conditioner := bijector.MLP(activation.TypeRelu, c.Hidden...)
	for i := range c.Layers {
		mask := bijector.Alternating(c.Features, i%2 == 1)
		affine := bijector.Affine{MaxLogScale: c.MaxLogScale}
		chain = append(chain, bijector.NewCoupling(mask, conditioner, affine).InputBound(c.InputBound))
	}
	if s := c.Scaler; s != nil {
		if len(s.Mean) != c.Features || len(s.Std) != c.Features {
			return nil, fmt.Errorf("flow: the scaler has %d means and %d standard deviations for %d features", len(s.Mean), len(s.Std), c.Features)
		}
		for i, std := range s.Std {
			if mean := s.Mean[i]; !(std > 0) || math.IsInf(std, 0) || math.IsNaN(mean) || math.IsInf(mean, 0) {
				return nil, fmt.Errorf("flow: the scaler has mean %g and standard deviation %g for feature %d, expected finite numbers, the second positive", mean, std, i)
			}
		}
		chain = append(chain, bijector.NewElementwise(s.Mean, s.Std))
	}
	return New(base.Normal{Features: c.Features}, chain), nil
}
