package onnx

import "fmt"

// binary adds an operator on two values of one type, which broadcast.
func (g *graph) binary(op string, a, b value) value {
	if a.kind != b.kind {
		panic(fmt.Sprintf("onnx: %s of types %d and %d", op, a.kind, b.kind))
	}
	return g.op(op, a.kind, []value{a, b})
}

func (g *graph) add(a, b value) value { return g.binary("Add", a, b) }
func (g *graph) sub(a, b value) value { return g.binary("Sub", a, b) }
func (g *graph) mul(a, b value) value { return g.binary("Mul", a, b) }
func (g *graph) div(a, b value) value { return g.binary("Div", a, b) }
func (g *graph) min(a, b value) value { return g.binary("Min", a, b) }
func (g *graph) max(a, b value) value { return g.binary("Max", a, b) }

// addN and the other methods that end in N take a number.
func (g *graph) addN(a value, n float64) value { return g.add(a, g.like(a, n)) }
func (g *graph) mulN(a value, n float64) value { return g.mul(a, g.like(a, n)) }
func (g *graph) divN(a value, n float64) value { return g.div(a, g.like(a, n)) }
func (g *graph) minN(a value, n float64) value { return g.min(a, g.like(a, n)) }
func (g *graph) maxN(a value, n float64) value { return g.max(a, g.like(a, n)) }

// subFrom returns n - a.
func (g *graph) subFrom(n float64, a value) value { return g.sub(g.like(a, n), a) }

// of adds an operator on one value, such as Exp.
func (g *graph) of(op string, a value) value { return g.op(op, a.kind, []value{a}) }

func (g *graph) square(a value) value { return g.mul(a, a) }

// compare adds an operator that returns bools, such as LessOrEqual.
func (g *graph) compare(op string, a, b value) value {
	if a.kind != b.kind {
		panic(fmt.Sprintf("onnx: %s of types %d and %d", op, a.kind, b.kind))
	}
	return g.op(op, bools, []value{a, b})
}

func (g *graph) compareN(op string, a value, n float64) value { return g.compare(op, a, g.like(a, n)) }

func (g *graph) where(condition, a, b value) value {
	if condition.kind != bools || a.kind != b.kind {
		panic(fmt.Sprintf("onnx: Where of types %d, %d and %d", condition.kind, a.kind, b.kind))
	}
	return g.op("Where", a.kind, []value{condition, a, b})
}

// whereN returns n where the condition is false.
func (g *graph) whereN(condition, a value, n float64) value {
	return g.where(condition, a, g.like(a, n))
}

func (g *graph) cast(a value, to kind) value {
	if a.kind == to {
		return a
	}
	return g.op("Cast", to, []value{a}, "to", int(to))
}

// slice returns the indices from ≤ index < to of an axis.
func (g *graph) slice(v value, axis, from, to int) value {
	return g.op("Slice", v.kind, []value{v, g.ints(from), g.ints(to), g.ints(axis)})
}

// columns returns columns of v, [N, D], in the order of indices.
func (g *graph) columns(v value, indices []int) value {
	return g.op("Gather", v.kind, []value{v, g.ints(indices...)}, "axis", 1)
}

// column returns one column of v, [N, D], as [N, 1].
func (g *graph) column(v value, d int) value { return g.slice(v, 1, d, d+1) }

func (g *graph) concat(axis int, parts ...value) value {
	if len(parts) == 1 {
		return parts[0]
	}
	return g.op("Concat", parts[0].kind, parts, "axis", axis)
}

func (g *graph) unsqueeze(v value, axis int) value {
	return g.op("Unsqueeze", v.kind, []value{v, g.ints(axis)})
}

func (g *graph) reshape(v value, shape ...int) value {
	return g.op("Reshape", v.kind, []value{v, g.ints(shape...)})
}

// sum adds up along the axis and drops it.
func (g *graph) sum(v value, axis int) value {
	return g.op("ReduceSum", v.kind, []value{v, g.ints(axis)}, "keepdims", 0)
}

func (g *graph) matmul(a, b value) value { return g.binary("MatMul", a, b) }

// all reports whether all of a row of v, [N, D], are true: [N].
func (g *graph) all(v value) value {
	return g.compareN("Equal", g.op("ReduceMin", float64s, []value{g.cast(v, float64s)}, "axes", []int{1}, "keepdims", 0), 1)
}

// ones returns [N, 1] for v, [N, D].
func (g *graph) ones(v value) value {
	n := g.op("Shape", int64s, []value{v}, "start", 0, "end", 1)
	return g.op("Expand", v.kind, []value{g.floats(v.kind, []float64{1}, 1, 1), g.concat(0, n, g.ints(1))})
}

// polynomial returns the polynomial of v with these coefficients, the constant first.
func (g *graph) polynomial(v value, coefficients ...float64) value {
	last := len(coefficients) - 1
	out := g.like(v, coefficients[last])
	for i := last - 1; i >= 0; i-- {
		out = g.addN(g.mul(out, v), coefficients[i])
	}
	return out
}

// logSumExp returns log Σ_k e^(terms_k), [N], of terms, [N, K]: -Inf where all terms are.
func (g *graph) logSumExp(terms value) value {
	largest := g.maxN(g.op("ReduceMax", terms.kind, []value{terms}, "axes", []int{1}, "keepdims", 1), -1e308)
	sum := g.sum(g.of("Exp", g.sub(terms, largest)), 1)
	return g.add(g.of("Log", sum), g.op("Squeeze", terms.kind, []value{largest, g.ints(1)}))
}
