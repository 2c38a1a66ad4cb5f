package columns

import (
	"fmt"
	"math"
	"slices"
)

// Choice is a map with the reason for it, in one short line.
type Choice struct {
	Column Column `json:"column"`
	Why    string `json:"why"`
}

// The rules, see the package's comment.
const (
	leastRows    = 50   // fewer say nothing about a shape
	leastGain    = 0.02 // nats per row
	leastRatio   = 20   // twice the gain of all rows
	heavyFreedom = 10   // degrees of freedom of tails worth a map
	unseen       = 7    // rows expected beyond an edge
	mostTied     = 0.05 // share of rows with the same value, off a grid
	mostAtEdge   = 0.01 // share of rows at an edge, off a grid
	leastAtOne   = 20   // for whole numbers that begin at 1: least number of ones …
	leastOnesIn  = 0.05 // … and their least share
)

// Choose returns the map of a column, given the values of its training rows, which are
// finite and left unchanged. With step > 0 they lie on a grid, and uniform noise on
// ±step/2 is added before the map is applied. The column's name may indicate angles. kind
// is what the user declares, or "": Choose returns a map of that kind or, if the values
// contradict it, an error.
func Choose(name string, values []float64, step float64, kind Kind) (Choice, error) {
	if !(step >= 0) || math.IsInf(step, 0) {
		return Choice{}, fmt.Errorf("columns: a grid of step %g, expected a number, 0 for none", step)
	}
	for i, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return Choice{}, fmt.Errorf("columns: value %d is %g, expected a finite number", i, v)
		}
	}
	t := &chooser{name: name, sorted: slices.Sorted(slices.Values(values)), step: step}
	if kind != "" {
		return t.declared(kind)
	}
	return t.free(), nil
}

// chooser holds what is known of a column.
type chooser struct {
	name   string
	sorted []float64
	step   float64
	sample sample
}

func (t *chooser) least() float64 { return t.sorted[0] }
func (t *chooser) most() float64  { return t.sorted[len(t.sorted)-1] }

func asItIs(format string, args ...any) Choice {
	why := "continuous"
	if format != "" {
		why += ": " + fmt.Sprintf(format, args...)
	}
	return Choice{Column{Kind: Continuous}, why}
}

// free chooses among all kinds.
func (t *chooser) free() Choice {
	n := len(t.sorted)
	if n < leastRows {
		return asItIs("%d rows, too few to tell more", n)
	}
	if t.least() == t.most() {
		return asItIs("one value")
	}
	if t.most() <= 0 {
		if c := t.mirrored().free(); c.Column.Kind == Positive || c.Column.Kind == Bounded {
			c.Column.Mirrored, c.Why = true, "without its sign "+c.Why
			return c
		}
	}
	t.sample = newSample(t.sorted, t.step)
	if value, tied := t.tied(); t.step == 0 && float64(tied) > mostTied*float64(n) {
		return asItIs("%.6g in %d of %d rows", value, tied, n)
	}
	if low, high, ok := t.circle(); ok {
		return t.periodic(low, high).choice()
	}
	line := t.withTails(Column{Kind: Continuous})
	best := line.choice()
	low, high, seenBelow, seenAbove := t.edges(line)
	if seenAbove {
		bounded := t.withTails(t.bounded(low, high))
		if !t.squeezes(bounded.column, line.column) {
			return bounded.choice()
		}
		return best
	}
	if !(t.least()-t.step/2 >= low) { // some values are below 0
		return best
	}
	if at := t.count(low); t.crowded(low) {
		return Choice{best.Column, best.Why + fmt.Sprintf(" (no edge at %.6g: %d values are there)", low, at)}
	}
	edge := t.above(low)
	if (seenBelow || t.likelier(edge.gain, line.gain)) && !t.squeezes(edge.column, line.column) {
		return edge.choice()
	}
	return best
}

// mirrored returns the chooser of -x.
func (t *chooser) mirrored() *chooser {
	m := &chooser{name: t.name, step: t.step}
	for _, v := range slices.Backward(t.sorted) {
		m.sorted = append(m.sorted, 0-v) // not -0
	}
	return m
}

// fitted is a map and the likelihood of the column under it, with a normal on its result.
type fitted struct {
	column Column
	gain   float64 // nats per row
	shape  shape   // before the map of the tails
}

// likelier reports whether a mean log-likelihood exceeds another by more than chance
// explains.
func (t *chooser) likelier(gain, than float64) bool {
	return gain-than > leastGain && 2*t.sample.n*(gain-than) > leastRatio
}

// choice describes the map in words.
func (f fitted) choice() Choice {
	c := f.column
	var why string
	switch c.Kind {
	case Continuous:
		return asItIs("")
	case Positive:
		why = fmt.Sprintf("positive: softplus from the edge at %.6g (scale %.3g)", c.Low, c.Softness)
		if c.Softness == 0 {
			why = fmt.Sprintf("positive: the logarithm from the edge at %.6g", c.Low)
		}
	case Bounded:
		why = fmt.Sprintf("bounded: between %.6g and %.6g, mapped by the quantiles of a normal", c.Low, c.High)
	case Periodic:
		why = fmt.Sprintf("periodic: a circle from %.6g to %.6g, cut at %.4g, where it is sparsest", c.Low, c.High, c.Cut)
	}
	if c.Freedom > 0 {
		if why != "" {
			why += ", "
		}
		why += fmt.Sprintf("heavy tails: a Student-t of %.2g degrees of freedom becomes a normal", c.Freedom)
	}
	return Choice{c, why}
}

// above fits the half line above low: the likeliest softness, then tails if they pay.
func (t *chooser) above(low float64) fitted {
	middle := quantile(t.sorted, 0.5) - low
	best := fitted{column: Column{Kind: Positive, Low: low, Softness: middle}, gain: math.Inf(-1)}
	for _, ratio := range softnesses {
		c := Column{Kind: Positive, Low: low, Margin: t.margin(low, math.Inf(1)), Softness: ratio * middle}
		if math.IsInf(c.Softness, 0) {
			continue
		}
		y, logDet := t.mapped(c)
		normal := fitNormal(y)
		// A t with 3 degrees of freedom shows whether tails hide a better shape in the
		// middle.
		center, scale := y.quartiles()
		heavy := shape{scale: 1, freedom: 3}
		heavy.climb(y.standardized(center, scale), 5)
		if gain := logDet + max(normal.gain, heavy.gain-math.Log(scale)); gain > best.gain {
			best = fitted{c, gain, normal}
		}
	}
	return t.withTails(best.column)
}

// withTails adds a map of the tails to a map onto the line, if its image has tails.
func (t *chooser) withTails(c Column) fitted {
	y, logDet := t.mapped(c)
	normal, student := fitNormal(y), fitStudent(y)
	if student.freedom < heavyFreedom && t.likelier(student.gain, normal.gain) {
		heavy := c
		heavy.Center, heavy.Scale, heavy.Freedom = student.center, student.scale, student.freedom
		if heavy.Kind == Continuous {
			heavy.Kind = Tails
		}
		if !t.squeezes(heavy, c) {
			return fitted{heavy, logDet + student.gain, student}
		}
	}
	return fitted{c, logDet + normal.gain, normal}
}

// softnesses are tried, in medians; 0 is the logarithm.
var softnesses = []float64{0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10, 30, 100}

// mapped returns the sample after a map and the mean log-derivative.
func (t *chooser) mapped(c Column) (y sample, logDet float64) {
	y = sample{t.sample.n, make([]float64, len(t.sample.x)), t.sample.w}
	for i, x := range t.sample.x {
		var one float64
		y.x[i], one = c.Forward(x)
		logDet += y.w[i] * one
	}
	return y, logDet / y.n
}

// tied returns the most frequent value and its number of rows.
func (t *chooser) tied() (value float64, most int) {
	run := 0
	for i, v := range t.sorted {
		run++
		if i > 0 && v != t.sorted[i-1] {
			run = 1
		}
		if run > most {
			value, most = v, run
		}
	}
	return value, most
}

// edges returns the natural edges of the column, and whether they are seen: whether the
// density on the line has rows beyond them although the column has none. low is set for
// every column.
func (t *chooser) edges(line fitted) (low, high float64, seenBelow, seenAbove bool) {
	half := t.step / 2
	low = 0 - half // avoids -0
	if ones := t.countOnes(); ones >= leastAtOne && float64(ones) >= leastOnesIn*t.sample.n {
		low = 1 - half
	}
	if !(t.least()-half >= low) || t.crowded(low) {
		return low, 0, false, false
	}
	seenBelow = t.sample.n*line.shape.below(low) >= unseen
	for _, end := range []float64{1, 100} {
		if high = end + half; t.most()+half <= high && !t.crowded(high) {
			seenAbove = t.sample.n*(1-line.shape.below(high)) >= unseen
			break
		}
	}
	return low, high, seenBelow, seenAbove
}

// count returns how many values equal v.
func (t *chooser) count(v float64) int {
	i, _ := slices.BinarySearch(t.sorted, v)
	j, _ := slices.BinarySearch(t.sorted, math.Nextafter(v, math.Inf(1)))
	return j - i
}

// crowded reports whether too many values equal a supposed edge.
func (t *chooser) crowded(edge float64) bool {
	return float64(t.count(edge)) > mostAtEdge*float64(len(t.sorted))
}

// margin returns the least distance of a value from the edges, ignoring values at an
// edge.
func (t *chooser) margin(low, high float64) float64 {
	if t.step > 0 {
		return 0
	}
	least := math.Inf(1)
	for _, v := range t.sorted {
		if v > low && v < high {
			least = min(least, v-low, high-v)
		}
	}
	if math.IsInf(least, 1) {
		return 0
	}
	return least
}

func (t *chooser) bounded(low, high float64) Column {
	return Column{Kind: Bounded, Low: low, High: high, Margin: min(t.margin(low, high), (high-low)/4)}
}

// countOnes returns how many values are 1 if all are whole numbers from 1 on.
func (t *chooser) countOnes() int {
	if t.step != 1 || t.least() != 1 {
		return 0
	}
	i, _ := slices.BinarySearch(t.sorted, 1.5)
	return i
}

// squeezes reports whether a map moves 2 % of the rows closer together, compared with a
// normal, than another map does.
func (t *chooser) squeezes(c, than Column) bool {
	const windows, slack = 50, 3
	closest := func(c Column) float64 {
		y, _ := t.mapped(c)
		normal := fitNormal(y)
		m, s := normal.center, normal.scale
		at := func(j int) (where, expected float64) {
			p := float64(j) / windows
			x := quantile(t.sorted, p)
			v, _ := c.Forward(x)
			expected, _ = probit(p, 1-p)
			return (v - m) / s, expected
		}
		most := 0.0
		for j := 1; j < windows-1; j++ {
			a, ea := at(j)
			b, eb := at(j + 1)
			width := b - a
			if t.step > 0 { // the noise spreads the values of one cell
				u, _ := c.Forward(quantile(t.sorted, float64(j)/windows) + t.step/4)
				l, _ := c.Forward(quantile(t.sorted, float64(j)/windows) - t.step/4)
				width = max(width, (u-l)/s)
			}
			most = max(most, (eb-ea)/width)
		}
		return most
	}
	after := closest(c)
	return after > slack && after > closest(than)
}
