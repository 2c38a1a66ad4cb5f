package flow

import (
	"encoding/json"
	"fmt"
	"slices"

	"normflow/flowlib/base"
	"normflow/flowlib/fast"
)

// Fast returns the flow of c for package fast, which supports the whole zoo.
func (c Config) Fast() (fast.Flow, error) {
	d, err := c.design(0)
	if err != nil {
		return fast.Flow{}, err
	}
	return d.FastFlow()
}

// FastFlow describes the flow to package fast. The error names the part of the flow that
// package fast does not have.
func (d *design) FastFlow() (f fast.Flow, err error) {
	text, err := d.Tree()
	if err != nil {
		return f, err
	}
	var flow struct {
		Base  part
		Chain []part
	}
	if err := json.Unmarshal(text, &flow); err != nil {
		return f, err
	}
	f = fast.Flow{Features: d.Features(), Context: d.Context()}
	if f.Base, err = flow.Base.fastBase(); err != nil {
		return f, err
	}
	for i, p := range flow.Chain {
		layer, err := p.fastLayer()
		if err != nil {
			return f, fmt.Errorf("%w, found at %d in the chain", err, i)
		}
		f.Layers = append(f.Layers, layer)
	}
	return f, nil
}

// part is one of the tree: its form by its name.
type part map[string]json.RawMessage

// open sets form to that of the part, and returns the part's name.
func (p part) open(forms map[string]any) (name string, err error) {
	for name, text := range p {
		form, ok := forms[name]
		if !ok {
			return name, fmt.Errorf("flow: package fast has no %s", name)
		}
		return name, json.Unmarshal(text, form)
	}
	return "", fmt.Errorf("flow: a part without a name") // which none is that package tree writes
}

func (p part) fastLayer() (fast.Layer, error) {
	var coupling struct {
		Mask                   string
		Conditioner, Transform part
		InputBound             float64 `json:"input_bound"`
	}
	var permutation []int
	var rest struct{}
	name, err := p.open(map[string]any{"coupling": &coupling, "permutation": &permutation, "actnorm": &rest, "lu": &rest})
	if err != nil {
		return nil, err
	}
	switch name {
	case "permutation":
		return fast.Permutation{From: permutation}, nil
	case "actnorm":
		return fast.ActNorm{}, nil
	case "lu":
		return fast.LU{}, nil
	}
	c := fast.Coupling{InputBound: coupling.InputBound}
	for _, letter := range coupling.Mask {
		c.Mask = append(c.Mask, letter == 'f')
	}
	if c.Network, err = coupling.Conditioner.fastNetwork(); err != nil {
		return nil, err
	}
	c.Transform, err = coupling.Transform.fastTransform()
	return c, err
}

func (p part) fastNetwork() (fast.Network, error) {
	var plain struct {
		Activation string
		Hidden     []int
	}
	var residual struct {
		Activation    string
		Width, Blocks int
	}
	name, err := p.open(map[string]any{"mlp": &plain, "residual_mlp": &residual})
	if name == "mlp" {
		return fast.Network{Hidden: plain.Hidden, Activation: plain.Activation}, err
	}
	if err == nil && residual.Blocks == 0 {
		err = fmt.Errorf("flow: package fast has no residual network without a block")
	}
	return fast.Network{Hidden: slices.Repeat([]int{residual.Width}, residual.Blocks), Residual: true, Activation: residual.Activation}, err
}

func (p part) fastTransform() (fast.Transform, error) {
	var affine struct {
		Scale       string
		MaxLogScale float64 `json:"max_log_scale"`
	}
	var spline fast.Spline
	var additive fast.Additive
	switch name, err := p.open(map[string]any{"affine": &affine, "spline": &spline, "additive": &additive}); name {
	case "affine":
		return fast.Affine(affine), err
	case "spline":
		return spline, err
	default:
		return additive, err
	}
}

func (p part) fastBase() (fast.Base, error) {
	var mixture fast.Mixture
	var student struct{ Freedom []float64 }
	var uniform struct{ Lo, Hi []float64 }
	var rest struct{}
	name, err := p.open(map[string]any{"normal": &rest, "diagnormal": &rest, "mixture": &mixture, "student": &student, "uniform": &uniform})
	if err != nil {
		return nil, err
	}
	switch name {
	case "diagnormal":
		return fast.DiagNormal{}, nil
	case "mixture":
		mixture.MaxLogScale = base.MaxLogScale
		return mixture, nil
	case "student":
		if freedom := slices.Compact(student.Freedom); len(freedom) == 1 {
			return fast.StudentT{Freedom: freedom[0]}, nil
		}
		return nil, fmt.Errorf("flow: package fast has no student base whose features differ in freedom")
	case "uniform":
		lo, hi := slices.Compact(uniform.Lo), slices.Compact(uniform.Hi)
		if len(lo) == 1 && len(hi) == 1 && lo[0] == -hi[0] {
			return fast.Uniform{Bound: hi[0]}, nil
		}
		return nil, fmt.Errorf("flow: package fast has no uniform base but on one ±bound of all features")
	}
	return fast.Normal{}, nil
}
