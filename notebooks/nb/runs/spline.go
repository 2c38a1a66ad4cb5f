package runs

import (
	"math"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"normflow/flowlib/bijector"
	"normflow/flowlib/figure"
)

// The bins of the spline in the picture: their shares of the width and height, and the
// slopes of the curve at the inner knots.
var (
	binWidths  = []float64{0.25, 0.15, 0.2, 0.12, 0.28}
	binHeights = []float64{0.12, 0.3, 0.08, 0.3, 0.2}
	knotSlopes = []float64{1, 0.7, 1, 1.6}
)

const splineBound = 3.0

// SplineCharts returns the curve of a bijector.Spline of five bins with its knots, and
// its derivative, slightly beyond the square it lies in.
func SplineCharts() []figure.Chart {
	const reach = 1.25 * splineBound
	var x, knots []float64
	for i := range 601 {
		x = append(x, reach*(2*float64(i)/600-1))
	}
	at := -splineBound
	knots = append(knots, at)
	for _, share := range binWidths {
		at += 2 * splineBound * share // the least share makes no visible difference
		knots = append(knots, at)
	}
	curve, slope := spline(x)
	knotsAt, slopesAt := spline(knots)
	return []figure.Chart{
		{Name: "a spline of five bins", X: "x", Y: "g(x)", Lines: []figure.Line{
			{Name: "curve", XY: pairs(x, curve)}, {Name: "knots", XY: pairs(knots, knotsAt), Dots: true}}},
		{Name: "its derivative", X: "x", Y: "g′(x)", Lines: []figure.Line{
			{Name: "curve", XY: pairs(x, slope)}, {Name: "knots", XY: pairs(knots, slopesAt), Dots: true}}},
	}
}

func pairs(x, y []float64) (rows [][]float64) {
	for i := range x {
		rows = append(rows, []float64{x[i], y[i]})
	}
	return rows
}

// spline evaluates the curve, and its derivative, at every x.
func spline(x []float64) (y, slope []float64) {
	var raw []float64 // [3K-1], in the layout of bijector.Spline
	for _, share := range append(append([]float64{}, binWidths...), binHeights...) {
		raw = append(raw, math.Log(share)) // the inverse of softmax
	}
	for _, s := range knotSlopes {
		raw = append(raw, math.Log(math.Expm1(s))-math.Log(math.Expm1(1))) // the inverse of softplus, shifted to 1 at 0
	}
	evaluate := func(_ *model.Scope, v *graph.Node) (out, slope *graph.Node) {
		parameters := graph.Reshape(graph.Const(v.Graph(), raw), len(raw), 1, 1)
		parameters = graph.BroadcastToDims(parameters, len(raw), len(x), 1)
		out, logSlope := bijector.Spline{Bins: len(binWidths), Bound: splineBound}.Inverse(graph.Reshape(v, len(x), 1), parameters)
		return out, graph.Exp(logSlope)
	}
	out := model.MustNewExec(Backend(), model.NewStore(), evaluate).MustCall(x)
	return tensors.MustCopyFlatData[float64](out[0]), tensors.MustCopyFlatData[float64](out[1])
}
