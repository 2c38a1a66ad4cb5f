package columns

import (
	"fmt"
	"math"
)

// Column is the map of one column. The zero value, and any Column of kind continuous, is
// the identity. It is plain data; fields that its kind does not need are 0.
type Column struct {
	Kind Kind `json:"kind"` // without edges
	// Low and High are the edges of the support: a positive column has Low, a bounded or
	// periodic one both.
	Low  float64 `json:"low,omitempty"`
	High float64 `json:"high,omitempty"`
	// Margin is how far inside the support a value at the edge of a positive or bounded
	// column is moved: a single point has no share in a density, and a 0 among positive
	// numbers is a small number. 0: such values are outside.
	Margin float64 `json:"margin,omitempty"`
	// Cut is where the circle of a periodic column is cut, Low ≤ Cut < High.
	Cut float64 `json:"cut,omitempty"`
	// Softness is the distance from its edge beyond which a positive column becomes
	// linear; 0: it is logarithmic everywhere.
	Softness float64 `json:"softness,omitempty"`
	// Center, Scale and Freedom, the degrees of freedom, describe the Student-t that
	// models the tails, also of what the map of an edge or a circle returns. Freedom 0:
	// there is none.
	Center  float64 `json:"center,omitempty"`
	Scale   float64 `json:"scale,omitempty"`
	Freedom float64 `json:"freedom,omitempty"`
	// Mirrored says that the other fields map -x to -y. It is for positive and bounded
	// columns without numbers above 0.
	Mirrored bool `json:"mirrored,omitempty"`
}

// Forward returns y, finite for any finite x, and log|dy/dx|. Outside the support it
// returns y = 0 and -Inf. NaN gives NaN.
func (c Column) Forward(x float64) (y, logDet float64) {
	if math.IsNaN(x) {
		return x, x
	}
	if c.Mirrored {
		c.Mirrored = false
		y, logDet = c.Forward(-x)
		return -y, logDet
	}
	y, logDet = c.forwardSupport(x)
	if c.Freedom > 0 && !math.IsInf(logDet, -1) {
		z, more := c.forwardTails(y)
		return z, logDet + more
	}
	return y, logDet
}

// forwardSupport maps the support of the column to the whole line.
func (c Column) forwardSupport(x float64) (y, logDet float64) {
	none := math.Inf(-1)
	switch c.Kind {
	case Positive:
		if x == c.Low {
			x += c.Margin
		}
		if !(x > c.Low) || math.IsInf(x, 1) {
			return 0, none
		}
		return c.forwardEdge(x)
	case Bounded:
		switch x {
		case c.Low:
			x += c.Margin
		case c.High:
			x -= c.Margin
		}
		if !(c.Low < x && x < c.High) {
			return 0, none
		}
		return c.forwardShare((x-c.Low)/(c.High-c.Low), (c.High-x)/(c.High-c.Low))
	case Periodic:
		if math.IsInf(x-c.Low, 0) {
			return 0, none
		}
		return c.forwardCircle(x)
	case Tails:
		if math.IsInf(x, 0) {
			return 0, none
		}
	}
	return x, 0
}

// Inverse returns the x that Forward maps to y, strictly inside the support for any y.
// NaN gives NaN.
func (c Column) Inverse(y float64) float64 {
	if math.IsNaN(y) {
		return y
	}
	if c.Mirrored {
		c.Mirrored = false
		return -c.Inverse(-y)
	}
	if c.Freedom > 0 {
		y = c.inverseTails(y)
	}
	switch c.Kind {
	case Positive:
		return c.inverseEdge(y)
	case Bounded:
		return between(c.Low, c.High, y)
	case Periodic:
		return c.inverseCircle(y)
	}
	return y
}

func (c Column) forwardShare(u, v float64) (y, logDet float64) {
	y, logDet = probit(u, v)
	return y, logDet - math.Log(c.High-c.Low)
}

// forwardCircle maps x as the number in [Low, High) that is whole periods away: on a
// circle they are the same. The density is that of the number in that range.
func (c Column) forwardCircle(x float64) (y, logDet float64) {
	period := c.High - c.Low
	turn := math.Mod(x-c.Low, period) - (c.Cut - c.Low) // exact except for the first difference
	if turn < 0 {
		turn += period
	}
	if turn < 0 { // x was below Low
		turn += period
	}
	if turn >= period {
		turn -= period
	}
	// Half a rounding step away from the cut, where y would be infinite.
	const least = 0x1p-53
	return c.forwardShare(max(turn/period, least), max((period-turn)/period, least))
}

func (c Column) inverseCircle(y float64) float64 {
	period := c.High - c.Low
	turn := between(0, period, y)
	x := c.Cut + turn
	if turn >= c.High-c.Cut {
		x = c.Low + (turn - (c.High - c.Cut))
	}
	return inside(x, c.Low, c.High)
}

// Check returns an error if Forward and Inverse cannot compute the map: it may come from
// a file.
func (c Column) Check() error {
	for _, v := range []float64{c.Low, c.High, c.Margin, c.Cut, c.Softness, c.Center, c.Scale, c.Freedom} {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("a %s column with %v, expected finite numbers", c.Kind, v)
		}
	}
	needs := Column{Kind: c.Kind} // the fields this kind may have
	switch c.Kind {
	case Continuous, "":
	case Positive:
		needs.Low, needs.Softness, needs.Margin, needs.Mirrored = c.Low, c.Softness, c.Margin, c.Mirrored
		if c.Softness < 0 || c.Margin < 0 {
			return fmt.Errorf("a positive column of softness %g and margin %g, expected 0 or more", c.Softness, c.Margin)
		}
	case Bounded, Periodic:
		needs.Low, needs.High = c.Low, c.High
		if width := c.High - c.Low; !(width > 1e3*ulp(c.Low) && width > 1e3*ulp(c.High)) || math.IsInf(width, 0) {
			return fmt.Errorf("a %s column from %g to %g, expected a range that holds numbers", c.Kind, c.Low, c.High)
		}
		if c.Kind == Bounded {
			needs.Margin, needs.Mirrored = c.Margin, c.Mirrored
			if !(c.Margin >= 0 && c.Margin < (c.High-c.Low)/2) {
				return fmt.Errorf("a bounded column from %g to %g of margin %g, expected less than half of that", c.Low, c.High, c.Margin)
			}
		}
		if c.Kind == Periodic {
			needs.Cut = c.Cut
			if !(c.Low <= c.Cut && c.Cut < c.High) {
				return fmt.Errorf("a periodic column from %g to %g cut at %g, expected a cut in between", c.Low, c.High, c.Cut)
			}
		}
	case Tails:
	default:
		return fmt.Errorf("a column of kind %q, expected %s", string(c.Kind), kindNames)
	}
	tails := c.Kind == Tails || c.Freedom != 0 && c.Kind != Continuous && c.Kind != ""
	if tails {
		needs.Center, needs.Scale, needs.Freedom = c.Center, c.Scale, c.Freedom
	}
	if c != needs {
		return fmt.Errorf("a %s column with %+v: expected only what that kind needs", c.Kind, c)
	}
	if tails && (!(c.Scale > 0) || !(leastFreedom <= c.Freedom && c.Freedom <= mostFreedom)) {
		return fmt.Errorf("tails of scale %g with %g degrees of freedom, expected a positive scale and %g to %d degrees", c.Scale, c.Freedom, leastFreedom, mostFreedom)
	}
	return nil
}

func ulp(x float64) float64 {
	x = math.Abs(x)
	return math.Nextafter(x, math.Inf(1)) - x
}
