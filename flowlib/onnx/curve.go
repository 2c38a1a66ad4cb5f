package onnx

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// curve is a smooth function on [0, end] as a table of polynomials: ONNX has neither the
// distribution functions that columns are mapped by nor their inverses. It is within
// 1e-11 of the function. Beyond end the function no longer matters.
type curve struct {
	end float64
	// Piece k lies between edge(k) and edge(k+1). There the function is Σ_i
	// coefficients[i][k]·ξ^i, where ξ runs from -1 to 1.
	middle, half []float64
	coefficients [][]float64
}

// Pieces get wider with the distance from 0, as the functions get smoother: edge(k)
// = nearest·(e^(growth·k) - 1).
const (
	nearest = 0.5
	growth  = 0.1
	degree  = 10
)

func edge(k int) float64 { return nearest * math.Expm1(growth*float64(k)) }

// newCurve interpolates f at the Chebyshev points of each piece.
func newCurve(f func(v float64) float64, end float64) curve {
	c := curve{end: end, coefficients: make([][]float64, degree+1)}
	points, powers := make([]float64, degree+1), mat.NewDense(degree+1, degree+1, nil)
	for j := range points {
		points[j] = math.Cos(math.Pi * (float64(j) + 0.5) / (degree + 1))
		for i := range points {
			powers.Set(j, i, math.Pow(points[j], float64(i)))
		}
	}
	var lu mat.LU
	lu.Factorize(powers)
	for k := 0; edge(k) < end; k++ {
		first, last := edge(k), min(edge(k+1), end)
		middle, half := (last+first)/2, (last-first)/2
		values, solved := mat.NewVecDense(degree+1, nil), new(mat.VecDense)
		for j, xi := range points {
			values.SetVec(j, f(middle+half*xi))
		}
		if err := lu.SolveVecTo(solved, false, values); err != nil {
			panic(err) // the points differ, so the matrix is not singular
		}
		c.middle, c.half = append(c.middle, middle), append(c.half, half)
		for i := range c.coefficients {
			c.coefficients[i] = append(c.coefficients[i], solved.AtVec(i))
		}
	}
	return c
}

// at evaluates the curve in float64 at v, of any shape and at least 0. Beyond its end the
// curve is constant.
func (g *graph) at(c curve, v value) value {
	v = g.minN(v, c.end)
	place := g.divN(g.of("Log", g.addN(g.divN(v, nearest), 1)), growth)
	piece := g.cast(g.minN(place, float64(len(c.middle)-1)), int64s) // the cast rounds down
	of := func(table []float64) value {
		return g.op("Gather", float64s, []value{g.floats(float64s, table, len(table)), piece}, "axis", 0)
	}
	xi := g.div(g.sub(v, of(c.middle)), of(c.half))
	out := of(c.coefficients[degree])
	for i := degree - 1; i >= 0; i-- {
		out = g.add(g.mul(out, xi), of(c.coefficients[i]))
	}
	return out
}
