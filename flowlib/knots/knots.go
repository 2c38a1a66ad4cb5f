// Package knots turns a RealNVP over two features into tables, without loss.
//
// The conditioner of such a flow reads one number and has ReLU between its layers, so its
// answer is a piecewise linear function of that number. The knots, where it bends, and
// the values there describe it completely. With tables, scoring and sampling need no
// matrix products: package fast does them six times as fast as with networks, and the
// player of the report does them in the browser.
package knots

import (
	"fmt"
	"slices"

	"normflow/flowlib/byhand"
)

// Table is a conditioner's answer to a number u: linear between the knots, and beyond the
// first and the last, at ∓InputBound, constant.
type Table struct {
	X []float64 `json:"x"` // the knots, ascending; at least two
	R []float64 `json:"r"` // at each knot: the raw log-scale, s = max·tanh(r/max)
	T []float64 `json:"t"` // at each knot: the shift
}

// Limits on a table: a deep and wide network may have too many knots, which take longer
// to find than they save.
const (
	maxKnots    = 1 << 15
	maxProducts = 1 << 30 // of a weight and a number, about a second
)

// find goes through the network of c layer by layer. Between two neighboring knots of the
// layers before, every unit is linear in u: if its values there differ in sign, it
// crosses 0 once in between, and its activation bends there.
//
// leak is the slope of the activation below 0.
func find(c byhand.Coupling[float64], leak float64) (Table, error) {
	t := Table{X: []float64{-c.InputBound, c.InputBound}}
	last, weights := len(c.Conditioner)-1, 0
	for depth := range last {
		if weights += len(c.Conditioner[depth].W); len(t.X)*weights > maxProducts {
			return Table{}, fmt.Errorf("%d knots of a network of %d weights or more, too many to go through", len(t.X), weights)
		}
		found := slices.Clone(t.X)
		left := through(c.Conditioner[:depth+1], leak, t.X[0])
		for i, x := range t.X[1:] {
			from := t.X[i]
			right := through(c.Conditioner[:depth+1], leak, x)
			for unit, a := range left {
				if b := right[unit]; a < 0 && b > 0 || a > 0 && b < 0 {
					found = append(found, from+(x-from)*(a/(a-b)))
				}
			}
			left = right
		}
		slices.Sort(found)
		if t.X = slices.Compact(found); len(t.X) > maxKnots {
			return Table{}, fmt.Errorf("%d knots or more, expected at most %d", len(t.X), maxKnots)
		}
	}
	for _, x := range t.X {
		answer := through(c.Conditioner, leak, x)
		t.R, t.T = append(t.R, answer[0]), append(t.T, answer[1])
	}
	return t, nil
}

// through returns the output of the last of the layers for u, before its activation.
func through(layers []byhand.Dense[float64], leak, u float64) []float64 {
	h := []float64{u}
	for depth, l := range layers {
		out := slices.Clone(l.B)
		for p, v := range h {
			if depth > 0 && v < 0 {
				v *= leak
			}
			if v == 0 {
				continue // half of the units, with ReLU
			}
			for j, w := range l.W[p*l.Out:][:l.Out] {
				out[j] += v * w
			}
		}
		h = out
	}
	return h
}

// At returns the conditioner's answer to u. NaN gives NaN.
func (t *Table) At(u float64) (r, shift float64) {
	last := len(t.X) - 1
	u = min(max(u, t.X[0]), t.X[last])
	i, _ := slices.BinarySearch(t.X, u)
	i = min(max(i, 1), last)
	part := (u - t.X[i-1]) / (t.X[i] - t.X[i-1])
	return t.R[i-1] + part*(t.R[i]-t.R[i-1]), t.T[i-1] + part*(t.T[i]-t.T[i-1])
}
