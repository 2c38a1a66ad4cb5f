package onnx

import (
	"math"
	"sync"

	"normflow/flowlib/columns"
)

// The curves of a normal number's distance y from 0 against m, where e^-m = 2·Φ(-y), and
// back. float64 holds no share beyond their ends.
var (
	unit = columns.Column{Kind: columns.Bounded, High: 1}

	fromShareCurve = sync.OnceValue(func() curve {
		return newCurve(func(m float64) float64 {
			y, _ := unit.Forward(math.Exp(-m) / 2)
			return -y
		}, 707)
	})
	toShareCurve = sync.OnceValue(func() curve {
		return newCurve(func(y float64) float64 { return -math.Log(2 * unit.Inverse(-y)) }, 37)
	})
)

// farthest bounds the distance from the center of the tails, in units of Scale·√ν.
const farthest = 1e300

// tails returns the map of the tails of a column, without its edges.
func tails(c columns.Column) columns.Column {
	return columns.Column{Kind: columns.Tails, Center: c.Center, Scale: c.Scale, Freedom: c.Freedom}
}

// fromTailsCurve gives y = Φ⁻¹(F(t)) at s, where sinh(s) = t/√ν.
func fromTailsCurve(freedom float64) curve {
	c := columns.Column{Kind: columns.Tails, Scale: 1 / math.Sqrt(freedom), Freedom: freedom}
	return newCurve(func(s float64) float64 {
		y, _ := c.Forward(math.Sinh(s))
		return y
	}, math.Asinh(farthest))
}

// toTailsCurve gives s at y.
func toTailsCurve(freedom float64) curve {
	c := columns.Column{Kind: columns.Tails, Scale: 1 / math.Sqrt(freedom), Freedom: freedom}
	end, _ := c.Forward(farthest)
	return newCurve(func(y float64) float64 { return math.Asinh(c.Inverse(y)) }, end)
}
