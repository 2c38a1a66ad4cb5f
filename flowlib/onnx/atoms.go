package onnx

import (
	"math"
	"slices"

	"normflow/flowlib/flow"
)

// atoms returns the log-density of x, [N, D], in a mixture with atoms: [N]. It computes
// every density for all rows and masks the rows of other patterns.
func (m *model) atoms(x value) value {
	a := m.saved.Atoms
	onlyKnown(*a, "Values", "Points", "Rest")
	onlyKnown(a.Rest, "Weight", "Shares", "Mean", "Std")
	at := m.patterns(a, x)
	y, logDets := m.mapped(m.saved.Columns, x)
	var terms []value
	add := func(weight float64, logProb value) {
		terms = append(terms, m.unsqueeze(m.addN(logProb, math.Log(weight)), 1))
	}
	is := func(pattern []int, logProb value) value {
		var codes []float64
		for _, k := range pattern {
			codes = append(codes, float64(k))
		}
		return m.whereN(m.all(m.compare("Equal", at, m.row(codes))), logProb, math.Inf(-1))
	}
	for k, member := range m.members {
		free := m.saved.Free(k)
		logProb, _ := member.logProb(m.columns(y, free), value{})
		if logDets.name != "" {
			logProb = m.add(logProb, m.sum(m.columns(logDets, free), 1))
		}
		add(m.saved.Members[k].Weight, is(m.saved.Members[k].At, logProb))
	}
	for _, p := range a.Points {
		onlyKnown(p, "Weight", "At")
		add(p.Weight, is(p.At, m.like(x, 0)))
	}
	add(a.Rest.Weight, m.rest(a, y, logDets, at))
	return m.logSumExp(m.concat(1, terms...))
}

// patterns returns the number of each feature's atom, from 1 on, or 0 for none: [N, D].
func (m *model) patterns(a *flow.Atoms, x value) value {
	var all []value
	for d, values := range a.Values {
		v := m.column(x, d)
		code := m.mulN(v, 0)
		for k, atom := range values {
			code = m.where(m.compareN("Equal", v, atom), m.like(v, float64(k+1)), code)
		}
		all = append(all, code)
	}
	return m.concat(1, all...)
}

// rest returns the log-density of independent features, of any pattern.
func (m *model) rest(a *flow.Atoms, y, logDets, at value) value {
	r := a.Rest
	u := m.div(m.sub(y, m.row(r.Mean)), m.row(r.Std))
	logProb := m.mulN(m.square(u), -0.5)
	if logDets.name != "" {
		logProb = m.add(logProb, logDets)
	}
	var constants []float64
	for _, std := range r.Std {
		constants = append(constants, -math.Log(std)-halfLog2Pi)
	}
	off := m.settled(m.add(logProb, m.row(constants)))
	free := m.whereN(m.compareN("Equal", at, 0), off, 0)
	var shares []value
	for d := range r.Shares {
		logs := make([]float64, len(r.Shares[d]))
		for k, share := range r.Shares[d] {
			logs[k] = math.Log(share)
		}
		shares = append(shares, m.op("Gather", float64s, []value{m.floats(float64s, logs, len(logs)), m.cast(m.column(at, d), int64s)}, "axis", 0))
	}
	return m.sum(m.add(free, m.concat(1, shares...)), 1)
}

// placed puts the free features, [N, len(free)], between the atoms of a pattern: [N, D].
func (m *model) placed(x value, free, at []int, like value) value {
	var all []value
	for d, k := range at {
		if k > 0 {
			all = append(all, m.mulN(m.ones(like), m.saved.Atoms.Values[d][k-1]))
		} else {
			all = append(all, m.column(x, slices.Index(free, d)))
		}
	}
	return m.concat(1, all...)
}

// drawRest draws independent features, of any pattern.
func (m *model) drawRest(a *flow.Atoms, normal value, uniform []value) value {
	r := a.Rest
	var all []value
	for d := range r.Mean {
		x := m.addN(m.mulN(m.column(normal, d), r.Std[d]), r.Mean[d])
		x = m.unmapped([]int{d}, x)
		k := m.unsqueeze(m.choice(uniform[d], r.Shares[d]), 1)
		for i, atom := range a.Values[d] {
			x = m.where(m.compare("Equal", k, m.ints(i+1)), m.like(x, atom), x)
		}
		all = append(all, x)
	}
	return m.concat(1, all...)
}
