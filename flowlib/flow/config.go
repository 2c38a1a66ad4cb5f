package flow

import (
	"fmt"
	"maps"
	"slices"

	"github.com/gomlx/gomlx/ml/layers/activation"

	"normflow/flowlib/base"
	"normflow/flowlib/bijector"
	"normflow/flowlib/dataset"
	"normflow/internal/show"
)

// Config describes a flow completely, so that a saved model can be rebuilt from it.
// Start from an entry of the zoo, such as [RealNVP], and change the fields you care
// about. Defaults are in brackets: an empty or zero field has that value.
type Config struct {
	Architecture string `json:"architecture"` // name of the zoo entry it came from
	Features     int    `json:"features"`     // D
	// Context is C, the number of conditioning columns after the features; 0 for p(x).
	// Conditioners clip the context to ±InputBound, so set a ContextScaler.
	Context int `json:"context,omitempty"`
	Layers  int `json:"layers"` // number of coupling layers, at least 1; a Gaussian has none

	Transform   string         `json:"transform,omitempty"`     // of the couplings: [affine], additive, spline
	Scale       bijector.Scale `json:"scale,omitempty"`         // of affine couplings: [tanh], softclip, exp
	MaxLogScale float64        `json:"max_log_scale,omitempty"` // of affine couplings: bound on |s| per layer, nats [3]
	Bins        int            `json:"bins,omitempty"`          // of splines: pieces per curve [8]
	Bound       float64        `json:"bound,omitempty"`         // of splines: the curve lies in ±Bound [4]

	Mask    string `json:"mask,omitempty"`    // [alternating], halves, random: every second layer freezes what the previous one moved
	LU      bool   `json:"lu,omitempty"`      // trained matrix after each coupling; slow to compile for sampling beyond 100 features
	ActNorm bool   `json:"actnorm,omitempty"` // scale and shift of each feature, after each coupling or its LU

	Hidden     []int   `json:"hidden"`               // widths of the conditioner's hidden layers
	Residual   bool    `json:"residual,omitempty"`   // hidden layers are residual blocks; needs equal widths
	Activation string  `json:"activation,omitempty"` // of the hidden layers: [relu], tanh, silu, gelu, leaky_relu, sigmoid
	InputBound float64 `json:"input_bound"`          // conditioner inputs are clipped to ±InputBound

	// Base is one of [normal], diagnormal, uniform, mixture, student. The uniform base
	// covers the box ±Bound and has density 0 outside it.
	Base       string  `json:"base,omitempty"`
	Components int     `json:"components,omitempty"` // of a mixture base
	Freedom    float64 `json:"freedom,omitempty"`    // of a student base: degrees of freedom ν

	Seed int64 `json:"seed"` // of the initial weights and random masks
	// Scaler lets the flow work in standardized units while densities and samples stay
	// in the units of the data, see [Units]. Nil leaves the data as it is.
	Scaler *dataset.Standardizer `json:"scaler,omitempty"`
	// ContextScaler standardizes the context before any layer sees it, or is nil.
	ContextScaler *dataset.Standardizer `json:"context_scaler,omitempty"`
}

// Columns returns the width of the model's rows, D+C: the features, then the context.
func (c Config) Columns() int { return c.Features + c.Context }

// MaxLayers bounds Config.Layers. Beyond it, compiling takes longer than any gain is
// worth.
const MaxLayers = 64

// MaxHidden bounds the number of hidden layers of a conditioner.
const MaxHidden = 64

// Build returns the flow that c describes. Its graphs work in standardized units, see
// [Units]. The error names the wrong field, its value and the values it may have.
func (c Config) Build() (*Flow, error) {
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("flow: %w", err)
	}
	var chain bijector.Chain
	for i := range c.Layers {
		chain = append(chain, bijector.NewCoupling(c.mask(i), c.conditioner(), c.transform()).InputBound(c.InputBound))
		if c.LU {
			chain = append(chain, bijector.NewLU(c.Features))
		}
		if c.ActNorm {
			chain = append(chain, bijector.NewActNorm(c.Features))
		}
	}
	return New(c.base(), chain), nil
}

func (c Config) check() error {
	for _, choice := range []struct {
		field, got string
		known      []string
	}{
		{"architecture", c.Architecture, []string{"realnvp", "nice", "glow", "nsf", gaussian}},
		{"transform", c.Transform, []string{"", "affine", "additive", "spline"}},
		{"scale", string(c.Scale), []string{"", string(bijector.ScaleTanh), string(bijector.ScaleSoftclip), string(bijector.ScaleExp)}},
		{"mask", c.Mask, []string{"", "alternating", "halves", "random"}},
		{"activation", c.Activation, slices.Sorted(maps.Keys(activations))},
		{"base", c.Base, []string{"", "normal", "diagnormal", "uniform", "mixture", "student"}},
	} {
		if !slices.Contains(choice.known, choice.got) {
			return fmt.Errorf("unknown %s %s, known: %q", choice.field, show.Quoted(choice.got), choice.known)
		}
	}
	// Outside this range float32 overflows or has no digits left.
	sensible := func(v float64) bool { return v >= 1e-3 && v <= 1e6 }
	const wantSensible = "between 0.001 and 1e6"
	for _, limit := range []struct {
		field string
		got   any
		ok    bool
		want  string
	}{
		{"features", c.Features, c.Features >= 1 && c.Features <= 1<<16, "between 1 and 65536"},
		{"context", c.Context, c.Context >= 0 && c.Context <= 1<<16, "between 0 and 65536"},
		{"layers", c.Layers, c.Layers >= 1 && c.Layers <= MaxLayers || c.Layers == 0 && c.Architecture == gaussian, fmt.Sprintf("between 1 and %d", MaxLayers)},
		{"max_log_scale", c.MaxLogScale, c.MaxLogScale == 0 || c.MaxLogScale >= 1e-3 && c.MaxLogScale <= 50, "between 0.001 and 50"},
		{"input_bound", c.InputBound, sensible(c.InputBound), wantSensible},
		{"bins", c.Bins, c.Bins == 0 || c.Bins >= 2 && c.Bins <= bijector.MaxBins, fmt.Sprintf("between 2 and %d", bijector.MaxBins)},
		{"bound", c.Bound, c.Bound == 0 || sensible(c.Bound), wantSensible},
		{"components", c.Components, c.Base != "mixture" && c.Components == 0 || c.Base == "mixture" && c.Components >= 1 && c.Components <= 4096, "between 1 and 4096 for a mixture, and 0 for other bases"},
		{"freedom", c.Freedom, c.Base != "student" && c.Freedom == 0 || c.Base == "student" && c.Freedom >= 0.1 && c.Freedom <= 1e6, "between 0.1 and 1e6 for a student base, and 0 for others"},
	} {
		if !limit.ok {
			return fmt.Errorf("%s must be %s, found %v", limit.field, limit.want, limit.got)
		}
	}
	if len(c.Hidden) > MaxHidden {
		return fmt.Errorf("hidden must name at most %d layers, found %d", MaxHidden, len(c.Hidden))
	}
	for _, width := range c.Hidden {
		if width < 1 || width > 1<<16 {
			return fmt.Errorf("hidden widths must be between 1 and 65536, found %s", show.Value(c.Hidden))
		}
		if c.Residual && width != c.Hidden[0] {
			return fmt.Errorf("hidden widths of residual blocks must be equal, found %s", show.Value(c.Hidden))
		}
	}
	if c.Residual && len(c.Hidden) == 0 {
		return fmt.Errorf("hidden must name at least one residual block")
	}
	return c.Units().check()
}

// masks returns the masks of all coupling layers as a saved model writes them: one
// letter for each feature, f for frozen and m for moving.
func (c Config) masks() []string {
	all := make([]string, c.Layers)
	for i := range all {
		all[i] = c.mask(i).String()
	}
	return all
}

// mask returns the mask of coupling layer i. Every second mask is flipped, so that all
// features move.
func (c Config) mask(i int) bijector.Mask {
	switch {
	case c.Features == 1:
		return bijector.Mask{false} // only the context is left to condition on
	case c.Mask == "halves":
		return bijector.Halves(c.Features, i%2 == 1)
	case c.Mask == "random":
		mask := bijector.RandomMask(c.Features, c.Seed+int64(i/2))
		for d := range mask {
			mask[d] = mask[d] != (i%2 == 1)
		}
		return mask
	}
	return bijector.Alternating(c.Features, i%2 == 1)
}

// moving returns how many features coupling layer i moves, without building its mask.
func (c Config) moving(i int) int {
	if c.Features == 1 || i%2 == 1 {
		return max(c.Features/2, 1)
	}
	return c.Features - c.Features/2
}

var activations = map[string]activation.Type{
	"": activation.TypeRelu, "relu": activation.TypeRelu, "tanh": activation.TypeTanh, "silu": activation.TypeSilu,
	"gelu": activation.TypeGelu, "leaky_relu": activation.TypeLeakyRelu, "sigmoid": activation.TypeSigmoid,
}

func (c Config) conditioner() bijector.Conditioner {
	act := activations[c.Activation]
	if c.Residual {
		return bijector.ResidualMLP(act, c.Hidden[0], len(c.Hidden))
	}
	return bijector.MLP(act, c.Hidden...)
}

func (c Config) transform() bijector.Transform {
	switch c.Transform {
	case "additive":
		return bijector.Additive{}
	case "spline":
		return bijector.Spline{Bins: c.Bins, Bound: c.Bound}
	}
	return bijector.Affine{Scale: c.Scale, MaxLogScale: c.MaxLogScale}
}

func (c Config) base() Base {
	switch c.Base {
	case "diagnormal":
		return base.NewDiagNormal(c.Features)
	case "uniform":
		edge := c.Bound
		if edge == 0 {
			edge = bijector.DefaultBound
		}
		return base.NewUniform(slices.Repeat([]float64{-edge}, c.Features), slices.Repeat([]float64{edge}, c.Features))
	case "mixture":
		return base.NewMixture(c.Features, c.Components)
	case "student":
		return base.NewStudentT(slices.Repeat([]float64{c.Freedom}, c.Features)...)
	}
	return base.Normal{Features: c.Features}
}
