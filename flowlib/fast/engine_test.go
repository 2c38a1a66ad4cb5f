package fast

import (
	"math"
	"testing"
)

func TestNewRefuses(t *testing.T) {
	good := Coupling{Mask: []bool{true, false}, InputBound: 5, Network: Network{Hidden: []int{4}}, Transform: Affine{"tanh", 3}}
	for name, spoil := range map[string]func(f *Flow, c *Coupling){
		"no features":   func(f *Flow, _ *Coupling) { f.Features = 0 },
		"mask":          func(_ *Flow, c *Coupling) { c.Mask = []bool{true} },
		"no moving":     func(_ *Flow, c *Coupling) { c.Mask = []bool{true, true} },
		"bound":         func(_ *Flow, c *Coupling) { c.InputBound = math.NaN() },
		"log-scale":     func(_ *Flow, c *Coupling) { c.Transform = Affine{"tanh", 100} },
		"scale":         func(_ *Flow, c *Coupling) { c.Transform = Affine{"cubic", 3} },
		"no transform":  func(_ *Flow, c *Coupling) { c.Transform = nil },
		"bins":          func(_ *Flow, c *Coupling) { c.Transform = Spline{1, 4} },
		"many bins":     func(_ *Flow, c *Coupling) { c.Transform = Spline{1000, 4} },
		"spline bound":  func(_ *Flow, c *Coupling) { c.Transform = Spline{8, 0} },
		"activation":    func(_ *Flow, c *Coupling) { c.Network.Activation = "step" },
		"width":         func(_ *Flow, c *Coupling) { c.Network.Hidden = []int{0} },
		"blocks":        func(_ *Flow, c *Coupling) { c.Network = Network{Hidden: []int{4, 5}, Residual: true} },
		"no block":      func(_ *Flow, c *Coupling) { c.Network = Network{Residual: true} },
		"permutation":   func(f *Flow, _ *Coupling) { f.Layers = append(f.Layers, Permutation{[]int{1, 1}}) },
		"components":    func(f *Flow, _ *Coupling) { f.Base = Mixture{0, 3} },
		"freedom":       func(f *Flow, _ *Coupling) { f.Base = StudentT{-1} },
		"uniform bound": func(f *Flow, _ *Coupling) { f.Base = Uniform{0} },
	} {
		f, c := Flow{Features: 2, Base: Normal{}}, good
		spoil(&f, &c)
		f.Layers = append(f.Layers, c)
		if _, err := New(f, 1); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := New(Flow{Features: 2, Layers: []Layer{good, Permutation{[]int{1, 0}}}, Base: Normal{}}, 1); err != nil {
		t.Error(err)
	}
}
