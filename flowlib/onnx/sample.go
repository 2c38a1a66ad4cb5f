package onnx

import "normflow/flowlib/columns"

// sample adds the graph that draws.
func (m *model) sample() {
	var weights []float64
	needs := 0 // of uniform numbers, besides the one that picks the density
	for k, member := range m.members {
		weights, needs = append(weights, m.saved.Members[k].Weight), max(needs, member.base.uniforms())
	}
	if a := m.saved.Atoms; a != nil {
		for _, p := range a.Points {
			weights = append(weights, p.Weight)
		}
		weights, needs = append(weights, a.Rest.Weight), max(needs, m.features)
	}
	normal := m.input("z", m.features, "independent standard normal numbers")
	var choose value
	var uniform []value
	if several := len(weights) > 1; several || needs > 0 {
		count := needs
		if several {
			count++
		}
		u := m.input("u", count, "independent uniform numbers in [0, 1)")
		for i := range count {
			uniform = append(uniform, m.column(u, i))
		}
		if several {
			choose, uniform = uniform[0], uniform[1:]
		}
	}
	context := value{}
	if m.context > 0 {
		context = m.input("context", m.context, "in the units of the data")
	}
	var of []value // the draws from each density
	for k, member := range m.members {
		if m.saved.Atoms == nil {
			of = append(of, member.draw(normal, context, uniform))
			continue
		}
		free := m.saved.Free(k)
		of = append(of, m.placed(m.unmapped(free, member.draw(m.columns(normal, free), context, uniform)), free, m.saved.Members[k].At, normal))
	}
	if a := m.saved.Atoms; a != nil {
		for _, p := range a.Points {
			of = append(of, m.placed(value{}, nil, p.At, normal))
		}
		of = append(of, m.drawRest(a, normal, uniform))
	}
	x := of[0]
	if choose.name != "" {
		k := m.unsqueeze(m.choice(choose, weights), 1)
		for i := 1; i < len(of); i++ {
			x = m.where(m.compare("Equal", k, m.ints(i)), of[i], x)
		}
	}
	if m.saved.Atoms == nil {
		all := make([]int, m.features)
		for d := range all {
			all[d] = d
		}
		x = m.unmapped(all, x)
	}
	m.output("x", x, m.features, "features in the units of the data")
}

// unmapped undoes the maps of these features in y, [N, len(features)].
func (m *model) unmapped(features []int, y value) value {
	if m.saved.Columns.Identity() {
		return y
	}
	var xs []value
	for i, d := range features {
		x := m.column(y, i)
		if c := m.saved.Columns[d]; c.Kind != columns.Continuous && c.Kind != "" {
			x = m.unmapColumn(c, x)
		}
		xs = append(xs, x)
	}
	return m.concat(1, xs...)
}
