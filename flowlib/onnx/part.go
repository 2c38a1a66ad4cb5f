package onnx

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"path"
	"slices"

	"normflow/flowlib/flow"
	"normflow/internal/names"
	"normflow/internal/show"
)

// refusal is the panic of a model with a part that has no graph.
type refusal struct{ error }

func refuse(format string, a ...any) { panic(refusal{fmt.Errorf(format, a...)}) }

// tree is a part of a flow as package tree writes it: its form under its name.
type tree map[string]json.RawMessage

// part is a part of a member's flow with its place.
type part struct {
	*member
	tree  tree
	place string // in the tree, for errors
	scope string // of its variables
}

// name returns the name of the part.
func (p part) name() string {
	for name := range p.tree {
		return name
	}
	return "" // package tree writes no such part
}

// open decodes the part into form. It refuses fields that form does not have.
func (p part) open(form any) {
	in := json.NewDecoder(bytes.NewReader(p.tree[p.name()]))
	in.DisallowUnknownFields()
	if err := in.Decode(form); err != nil {
		refuse("%s.%s: %w", p.place, p.name(), show.Error(err))
	}
}

// unknown refuses a part whose type has no graph.
func (p part) unknown() {
	refuse("%s: there is no %s in ONNX files, only what docs/format.md lists: %s is a type of its own", p.place, p.name(), p.name())
}

// within returns a part inside the part. Its variables lie in that scope, or in the same
// one if scope is "".
func (p part) within(t tree, place, scope string) part {
	return part{p.member, t, p.place + "." + p.name() + place, path.Join(p.scope, scope)}
}

// weight returns a variable of the part.
func (p part) weight(name string) flow.Weight {
	full := path.Join(p.scope, name)
	w, ok := p.weights[full]
	if !ok {
		refuse("%s: the model has no variable %s", p.place, full)
	}
	return w
}

// row returns a variable of D numbers as [1, D] in float64.
func (p part) row(name string) value { return p.graph.row(p.weight(name).Values) }

// member is a flow of the model.
type member struct {
	*graph
	weights map[string]flow.Weight
	kind    kind // of its weights and networks
	units   units
	base    part
	chain   []part
}

func (g *graph) member(s *flow.Saved) *member {
	text, err := s.Tree()
	if err != nil {
		panic(refusal{err})
	}
	var form struct {
		Base  tree
		Chain []tree
	}
	if err := json.Unmarshal(text, &form); err != nil {
		panic(refusal{err})
	}
	m := &member{graph: g, weights: map[string]flow.Weight{}, kind: kinds[s.DType().String()]}
	if m.kind == 0 {
		refuse("weights in %s, expected Float32 or Float64", s.DType())
	}
	onlyKnown(s.Settings(), "Features", "Context", "Seed", "Scaler", "ContextScaler", "DType")
	m.units = units{s.Settings().Scaler, s.Settings().ContextScaler}
	for _, w := range s.Weights {
		m.weights[w.Path] = w
	}
	m.base = part{m, form.Base, "flow.base", path.Clean(names.BasePrefix)}
	for i, t := range form.Chain {
		m.chain = append(m.chain, part{m, t, fmt.Sprintf("flow.chain[%d]", i), names.FlowPrefix + fmt.Sprintf(names.Place, i)})
	}
	return m
}

var kinds = map[string]kind{"Float32": float32s, "Float64": float64s}

// logProb returns the log-density, [N], of x, [N, D], given the context, which may be no
// value, and the latents, [N, D].
func (m *member) logProb(x, context value) (logProb, z value) {
	z, context = m.rounded(m.standardize(m.units.features, x)), m.context(context)
	logDet := m.like(z, m.units.features.LogDet())
	for _, p := range slices.Backward(m.chain) {
		var one value
		z, one = p.bijector(z, context, false)
		logDet = m.add(logDet, one)
	}
	return m.settled(m.add(m.base.logProb(z), logDet)), z
}

// settled turns NaN, an infinity less another, into -Inf: a density too small for a
// number.
func (g *graph) settled(logProb value) value {
	return g.whereN(g.compare("Equal", logProb, logProb), logProb, math.Inf(-1))
}

// draw turns standard normal numbers, [N, D], and uniform ones into x, [N, D].
func (m *member) draw(normal, context value, uniform []value) value {
	x, context := m.base.draw(normal, uniform), m.context(context)
	for _, p := range m.chain {
		x, _ = p.bijector(x, context, true)
	}
	return m.unstandardize(m.units.features, x)
}

func (m *member) context(context value) value {
	if context.name == "" {
		return context
	}
	return m.rounded(m.standardize(m.units.context, context))
}

// rounded rounds v to the precision of the weights, as the engines do, and continues in
// float64.
func (m *member) rounded(v value) value { return m.cast(m.cast(v, m.kind), float64s) }
