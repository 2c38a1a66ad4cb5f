package onnx

import (
	"math"
	"sync"

	"normflow/flowlib/columns"
)

// The distance y of a normal number from 0 by m, with e^-m = 2·Φ(-y), and m by y. Beyond
// the ends float64s have no such shares.
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

// farthest bounds the ratio of a distance from the center of tails to Scale·√ν.
const farthest = 1e300

// tails is the map of a column's tails alone.
func tails(c columns.Column) columns.Column {
	return columns.Column{Kind: columns.Tails, Center: c.Center, Scale: c.Scale, Freedom: c.Freedom}
}

// fromTailsCurve is y = Φ⁻¹(F(t)) by s, with sinh(s) = t/√ν.
func fromTailsCurve(freedom float64) curve {
	c := columns.Column{Kind: columns.Tails, Scale: 1 / math.Sqrt(freedom), Freedom: freedom}
	return newCurve(func(s float64) float64 {
		y, _ := c.Forward(math.Sinh(s))
		return y
	}, math.Asinh(farthest))
}

// toTailsCurve is s by y.
func toTailsCurve(freedom float64) curve {
	c := columns.Column{Kind: columns.Tails, Scale: 1 / math.Sqrt(freedom), Freedom: freedom}
	end, _ := c.Forward(farthest)
	return newCurve(func(y float64) float64 { return math.Asinh(c.Inverse(y)) }, end)
}
