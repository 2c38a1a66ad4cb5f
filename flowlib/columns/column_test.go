package columns

import (
	"encoding/json"
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/integrate/quad"
)

// maps of all kinds, with places inside their support.
var maps = []struct {
	column Column
	x      []float64
}{

	{Column{Kind: Continuous}, []float64{-1e300, -3, 0, 1e-300, 7}},
	{Column{Kind: Positive, Softness: 1.3}, []float64{1e-310, 1e-300, 1e-12, 0.9e-8, 1.4e-8, 0.1, 1, 5, 60, 1e6, 1e299}},
	{Column{Kind: Positive, Softness: 1e-20}, []float64{1e-30, 1, 1e100}},
	{Column{Kind: Positive}, []float64{1e-310, 1e-5, 1, 3, 1e300}},
	{Column{Kind: Positive, Low: -0.5, Softness: 4}, []float64{-0.4999, 0, 1, 17, 1e9}},
	{Column{Kind: Positive, Softness: 2, Center: 30, Scale: 1, Freedom: 2.5}, []float64{1e-9, 1, 70, 1e8}},
	{Column{Kind: Bounded, High: 1}, []float64{1e-300, 1e-9, 0.2, 0.5, 0.9, 1 - 0x1p-53}},
	{Column{Kind: Bounded, Low: -0.5, High: 100.5}, []float64{-0.4999999, 0, 50, 100.49999}},
	{Column{Kind: Bounded, Low: -8e307, High: 8e307}, []float64{-7e307, 0, 1e300, 7e307}},
	{Column{Kind: Tails, Scale: 1, Freedom: 1}, []float64{-1e300, -1e9, -2, -1, -1e-9, 0, 1e-300, 0.3, 0.999, 1.001, 5, 1e150, 1e160, 1e300}},
	{Column{Kind: Tails, Center: 5, Scale: 2, Freedom: 3}, []float64{-1e12, 4, 5, 5.1, 7, 10, 1e6}},
	{Column{Kind: Tails, Center: -1, Scale: 1e-3, Freedom: 0.1}, []float64{-1e200, -2, -1.001, -1, 3, 1e280}},
	{Column{Kind: Tails, Scale: 3, Freedom: 60}, []float64{-900, -20, -9, 0, 1, 8.9, 9.1, 200, 1e5}},
	{Column{Kind: Tails, Scale: 1e-300, Freedom: 2}, []float64{-1e-299, 1e-300, 1, 1e200}},
	{Column{Kind: Tails, Scale: 1e300, Freedom: 2}, []float64{-1e299, 1, 1e300}},
	{Column{Kind: Periodic, High: 360, Cut: 200}, []float64{0.001, 20, 199.99, 200.01, 359.9}},
	{Column{Kind: Bounded, High: 1, Center: 0.2, Scale: 0.3, Freedom: 4}, []float64{1e-9, 0.2, 0.5, 0.9}},
	{Column{Kind: Periodic, High: 360, Cut: 200, Center: 0.2, Scale: 0.3, Freedom: 4}, []float64{0.001, 20, 199.9, 200.1, 359.9}},
	{Column{Kind: Periodic, Low: -math.Pi, High: math.Pi, Cut: -1}, []float64{-3.1, -1.01, -0.99, 0, 3}},
}

func TestRoundTrip(t *testing.T) {
	for _, m := range maps {
		if err := m.column.Check(); err != nil {
			t.Errorf("%+v: %v", m.column, err)
		}
		last := math.Inf(-1)
		for _, x := range m.x {
			y, logDet := m.column.Forward(x)
			if math.IsNaN(y) || math.IsInf(y, 0) || math.IsNaN(logDet) || math.IsInf(logDet, 0) {
				t.Errorf("%+v: Forward(%g) = %g, %g", m.column, x, y, logDet)
				continue
			}
			if m.column.Kind != Periodic && !(y > last) {
				t.Errorf("%+v: Forward(%g) = %g, not above that of the smaller one before, %g", m.column, x, y, last)
			}
			last = y
			// What one rounding of y is worth in x, and a thousand of x.
			back, tolerance := m.column.Inverse(y), 1e-13*math.Abs(x)+4*ulp(y)*math.Exp(-logDet)+1e-13*(m.column.High-m.column.Low)
			tolerance = min(tolerance, 1e-9*math.Abs(x)+1e-9*m.column.Scale+ulp(m.column.Low)+ulp(m.column.High))
			if m.column.Kind == Tails {
				tolerance = max(tolerance, 1e-10*math.Abs(x-m.column.Center))
			}
			if !(math.Abs(back-x) <= tolerance) {
				t.Errorf("%+v: Inverse(Forward(%g)) is %g off, more than %g (y = %g)", m.column, x, back-x, tolerance, y)
			}
		}
	}
}

// A derivative by differences of five points is exact to some 1e-10 where the map is smooth on the scale
// of the step.
func TestLogDetIsTheDerivative(t *testing.T) {
	for _, m := range maps {
		for _, x := range m.x {
			_, logDet := m.column.Forward(x)
			h := 1e-3 * min(math.Exp(-logDet), math.Abs(x-m.column.Low), math.Abs(m.column.High-x))
			if m.column.Kind == Tails || m.column.Kind == Continuous {
				h = 1e-3 * max(m.column.Scale, math.Abs(x-m.column.Center))
			}
			if m.column.Kind == Positive {
				h = 1e-3 * (x - m.column.Low)
			}
			if m.column.Kind == Periodic {
				h = min(1e-3, math.Abs(x-m.column.Cut)/100)
			}
			if h < 1e3*ulp(x) || math.IsInf(x+2*h, 0) || math.Abs(h) < 1e-305 {
				continue
			}
			y := func(k float64) float64 { y, _ := m.column.Forward(x + k*h); return y }
			a, b, c, d := y(-2), y(-1), y(1), y(2)
			if math.Abs(x)/h > 1e9 || math.Abs(b)/math.Abs(c-b) > 1e7 {
				continue // differences have no digits
			}
			got := math.Log((8*(c-b) - (d - a)) / 12)
			if want := logDet + math.Log(h); !(math.Abs(got-want) < 1e-6) {
				t.Errorf("%+v at %g: log-derivative %g, by differences %g", m.column, x, want-math.Log(h), got-math.Log(h))
			}
		}
	}
}

func TestOutsideTheSupport(t *testing.T) {
	for _, m := range maps {
		c := m.column
		for _, y := range []float64{math.Inf(-1), -1e308, -40, -38.4, -9, 9, 38.4, 40, 1e308, math.Inf(1)} {
			x := c.Inverse(y)
			inside := !math.IsNaN(x)
			switch c.Kind {
			case Positive:
				inside = x > c.Low && x <= math.MaxFloat64
			case Bounded, Periodic:
				inside = x > c.Low && x < c.High
			case Tails:
				inside = !math.IsInf(x, 0)
			}
			if !inside {
				t.Errorf("%+v: Inverse(%g) = %g is outside the support", c, y, x)
			}
			if z, logDet := c.Forward(x); math.IsNaN(z) || math.IsNaN(logDet) || c.Kind != Continuous && (math.IsInf(z, 0) || math.IsInf(logDet, 0)) {
				t.Errorf("%+v: the draw %g of %g has y = %g, log-derivative %g", c, x, y, z, logDet)
			}
		}
		for _, x := range []float64{c.Low, c.Low - 1, math.Inf(-1), c.High, math.MaxFloat64, math.Inf(1), -math.MaxFloat64} {
			y, logDet := c.Forward(x)
			if math.IsNaN(y) || c.Kind != Continuous && math.IsInf(y, 0) || math.IsNaN(logDet) {
				t.Errorf("%+v: Forward(%g) = %g, %g", c, x, y, logDet)
			}
			if out := c.Kind == Positive && x <= c.Low || c.Kind == Bounded && (x <= c.Low || x >= c.High); out && !math.IsInf(logDet, -1) {
				t.Errorf("%+v: %g is outside the support and has log-derivative %g", c, x, logDet)
			}
		}
		if y, logDet := c.Forward(math.NaN()); !math.IsNaN(y) || c.Kind != "" && !math.IsNaN(logDet) || !math.IsNaN(c.Inverse(math.NaN())) {
			t.Errorf("%+v: NaN gives %g, %g", c, y, logDet)
		}
	}
}

// A single value at an edge, such as a 0 among positive numbers, is one near it.
func TestMargin(t *testing.T) {
	for _, c := range []Column{{Kind: Positive, Margin: 0.01, Softness: 2}, {Kind: Bounded, High: 1, Margin: 0.01}} {
		for edge, near := range map[float64]float64{c.Low: c.Low + 0.01, c.High: c.High - 0.01} {
			if c.Kind == Positive && near < 0 {
				continue
			}
			y, logDet := c.Forward(edge)
			z, want := c.Forward(near)
			if y != z || logDet != want || math.IsInf(want, 0) {
				t.Errorf("%+v: Forward(%g) = %g, %g, want that of %g, %g, %g", c, edge, y, logDet, near, z, want)
			}
		}
		if err := c.Check(); err != nil {
			t.Error(err)
		}
		if _, logDet := c.Forward(-1e-9); !math.IsInf(logDet, -1) {
			t.Errorf("%+v: beyond the edge, log-derivative %g", c, logDet)
		}
		c.Margin = 0.7
		if c.Kind == Bounded && c.Check() == nil {
			t.Errorf("%+v passes", c)
		}
	}
}

// The density whose image is a normal integrates to one over the support, part by part.
func TestIntegratesToOne(t *testing.T) {
	for _, m := range maps {
		c := m.column
		if c.Kind == Continuous || c.Low < -1e300 || c.Softness == 1e-20 {
			continue
		}
		logDensity := func(x float64) float64 {
			y, logDet := c.Forward(x)
			return logPhi(y) + logDet
		}
		density := func(x float64) float64 { return math.Exp(logDensity(x)) }
		// In steps of y, whose images are steps that fit the density.
		var at []float64
		for k := -60; k <= 60; k++ {
			at = append(at, c.Inverse(float64(k)/10))
		}
		if c.Kind == Periodic {
			at = append(at, c.Low, c.High, c.Cut)
			slices.Sort(at)
		}
		sum := 0.0
		for i := 1; i < len(at); i++ {
			if c.Kind == Positive { // by log(x - Low); at the least numbers the density alone overflows
				sum += quad.Fixed(func(l float64) float64 { return math.Exp(logDensity(c.Low+math.Exp(l)) + l) },
					math.Log(at[i-1]-c.Low), math.Log(at[i]-c.Low), 40, quad.Legendre{}, 0)
				continue
			}
			sum += quad.Fixed(density, at[i-1], at[i], 40, quad.Legendre{}, 0)
		}
		if c.Freedom == 0.1 || c.Scale < 1e-200 || c.Scale > 1e200 {
			continue // its steps span hundreds of powers of ten
		}
		tolerance := 1e-6
		if c.High > c.Low && c.Freedom > 0 {
			tolerance = 2e-5 // what such tails have between an edge and the number next to it
		}
		if !(math.Abs(sum-1) < tolerance) {
			t.Errorf("%+v: integrates to %.9f", c, sum)
		}
	}
}

func TestJSON(t *testing.T) {
	var all Map
	for _, m := range maps {
		all = append(all, m.column)
	}
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	var back Map
	if err := json.Unmarshal(text, &back); err != nil || !slices.Equal(back, all) {
		t.Errorf("%s: read back as %+v, %v", text, back, err)
	}
	if err := all.Check(len(all)); err != nil {
		t.Error(err)
	}
	if all.Check(3) == nil {
		t.Error("a map of other columns passes")
	}
}

func FuzzCheck(f *testing.F) {
	f.Add("positive", 0.0, 0.0, 1e-3, 0.0, 1.0, 0.0, 1.0, 3.0, true, 2.0)
	f.Add("bounded", 0.0, 1.0, 1e-9, 0.0, 0.0, 0.0, 0.0, 0.0, false, -9.0)
	f.Add("tails", 0.0, 0.0, 0.0, 0.0, 0.0, 5.0, 1.0, 3.0, false, 1e300)
	f.Add("periodic", 0.0, 360.0, 0.0, 20.0, 0.0, 0.0, 0.0, 0.0, false, 40.0)
	f.Fuzz(func(t *testing.T, kind string, low, high, margin, cut, softness, center, scale, freedom float64, mirrored bool, x float64) {
		c := Column{Kind(kind), low, high, margin, cut, softness, center, scale, freedom, mirrored}
		if c.Check() != nil || math.IsNaN(x) || math.IsInf(x, 0) {
			return
		}
		y, logDet := c.Forward(x)
		if math.IsNaN(y) || math.IsInf(y, 0) || math.IsNaN(logDet) || math.IsInf(logDet, 1) {
			t.Errorf("%+v: Forward(%g) = %g, %g", c, x, y, logDet)
		}
		draw := c.Inverse(x)
		if math.IsNaN(draw) || math.IsInf(draw, 0) {
			t.Errorf("%+v: Inverse(%g) = %g", c, x, draw)
		}
		if _, logDet := c.Forward(draw); math.IsNaN(logDet) || math.IsInf(logDet, 0) {
			t.Errorf("%+v: the draw %g of %g has log-derivative %g", c, draw, x, logDet)
		}
	})
}

func BenchmarkForward(b *testing.B) {
	for _, m := range maps {
		b.Run(string(m.column.Kind), func(b *testing.B) {
			x := m.column.Inverse(0.8)
			for b.Loop() {
				m.column.Forward(x)
			}
		})
	}
}
