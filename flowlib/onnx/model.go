// Package onnx writes models as ONNX files (opset 17, standard operators only) for
// runtimes in Python, C++, Java, browsers and phones. One graph scores and one draws.
// docs/format.md shows how to use them.
//
// Graphs take and return float64, whatever the precision of the weights. Only the
// networks of the conditioners are computed in the precision of the weights. The numbers
// are those of [flow.Flow.Score].
package onnx

import (
	"fmt"
	"math"
	"strconv"

	"normflow/flowlib/columns"
	"normflow/flowlib/flow"
)

// Score returns the ONNX file that scores. Its input is x, [N, D+C], the features
// followed by the context, in the units of the data. Its outputs are log_prob, [N], in
// nats, and, for a model of one flow, the latents z, [N, D]. Both are NaN for a row that is
// not finite.
//
// The file keeps about as metadata, next to what the model is. The error names the part
// of the model that has no graph, such as a bijector defined outside this library.
func Score(m *flow.Mixture, about map[string]string) ([]byte, error) {
	return export(m, "score", about, (*model).score)
}

// Sample returns the ONNX file that draws x, [N, D], the features of N rows. Its inputs
// are z, [N, D], independent standard normal numbers; u, [N, U], independent uniform
// numbers in [0, 1), if the model needs any; and the context, [N, C], if it has one. The
// same numbers give the same rows. If a model of one flow has a unit Gaussian base, z is
// what [Score] returns: its latents.
func Sample(m *flow.Mixture, about map[string]string) ([]byte, error) {
	return export(m, "sample", about, (*model).sample)
}

// export returns what build refuses as an error.
func export(m *flow.Mixture, name string, about map[string]string, build func(*model)) (file []byte, err error) {
	defer func() {
		p := recover()
		if refused, ok := p.(refusal); ok {
			file, err = nil, fmt.Errorf("onnx: %w", refused.error)
		} else if p != nil {
			panic(p)
		}
	}()
	onlyKnown(*m, "Columns", "Atoms", "Members", "Training", "Version", "Library", "SHA256", "WeightsSHA256")
	if len(m.Members) == 0 && m.Atoms == nil {
		refuse("the model is empty")
	}
	if m.Atoms.Missing() {
		refuse("missing values are part of the density, which ONNX files do not hold yet: .npz and .safetensors do")
	}
	for _, c := range m.Columns {
		onlyKnown(c, "Kind", "Low", "High", "Margin", "Cut", "Softness", "Center", "Scale", "Freedom", "Mirrored")
	}
	b := &model{graph: newGraph(), saved: m, features: m.Features()}
	for _, of := range m.Members {
		onlyKnown(of, "Weight", "Saved", "At")
		b.members = append(b.members, b.graph.member(of.Saved))
		b.context = of.Saved.Context() // all members have the same context
	}
	build(b)
	all := map[string]string{"model": m.Name(), "features": strconv.Itoa(b.features), "context": strconv.Itoa(b.context)}
	for key, text := range about {
		all[key] = text
	}
	return b.encode(name, all)
}

// model is a model whose graph is under construction.
type model struct {
	*graph
	saved             *flow.Mixture
	members           []*member
	features, context int
}

func (m *model) score() {
	about := "features in the units of the data"
	if m.context > 0 {
		about += ", and then the context"
	}
	x := m.input("x", m.features+m.context, about)
	finite := m.compareN("LessOrEqual", m.of("Abs", x), math.MaxFloat64)
	x = m.whereN(finite, x, 0) // or it would be an index of a table, beyond which runtimes stop with an error
	rows := m.all(finite)
	context := value{}
	if m.context > 0 {
		context = m.slice(x, 1, m.features, m.features+m.context)
		x = m.slice(x, 1, 0, m.features)
	}
	var logProb, z value
	if m.saved.Atoms != nil {
		logProb = m.atoms(x)
	} else {
		logProb, z = m.mixture(x, context)
	}
	m.output("log_prob", m.whereN(rows, logProb, math.NaN()), 0, "log-density in nats")
	if z.name != "" {
		m.output("z", m.whereN(m.unsqueeze(rows, 1), z, math.NaN()), m.features, "latents")
	}
}

// mixture returns log Σ_k weight_k·p_k(y) + log|dy/dx|, and the latents of a model of one
// flow.
func (m *model) mixture(x, context value) (logProb, z value) {
	y, logDets := m.mapped(m.saved.Columns, x)
	if len(m.members) == 1 {
		logProb, z = m.members[0].logProb(y, context)
	} else {
		var terms []value
		for k, member := range m.members {
			one, _ := member.logProb(y, context)
			terms = append(terms, m.unsqueeze(m.addN(one, math.Log(m.saved.Members[k].Weight)), 1))
		}
		logProb = m.logSumExp(m.concat(1, terms...))
	}
	if logDets.name != "" {
		logProb = m.add(logProb, m.sum(logDets, 1))
	}
	return logProb, z
}

// mapped maps x, [N, D], column by column, and returns the logarithms of the derivatives,
// [N, D], or no value for the identity.
func (m *model) mapped(c columns.Map, x value) (y, logDets value) {
	if c.Identity() {
		return x, value{}
	}
	var ys, logs []value
	for d, c := range c {
		v := m.column(x, d)
		y, logDet := v, m.mulN(v, 0)
		if c.Kind != columns.Continuous && c.Kind != "" {
			y, logDet = m.mapColumn(c, v)
		}
		ys, logs = append(ys, y), append(logs, logDet)
	}
	return m.concat(1, ys...), m.concat(1, logs...)
}
