package columns

import (
	"fmt"
	"math"
)

// declared returns the map of the kind that the user declares.
func (t *chooser) declared(declared Kind) (Choice, error) {
	kind, edges, err := declared.split()
	if err != nil {
		return Choice{}, err
	}
	if len(t.sorted) == 0 {
		return Choice{}, fmt.Errorf("no values")
	}
	half := t.step / 2
	t.sample = newSample(t.sorted, t.step)
	switch kind {
	case Category:
		return Choice{}, fmt.Errorf("%s: found numbers, of which a map is asked for, expected another kind", declared)
	case Positive:
		low := 0.0
		if edges != nil {
			low = edges[0]
		}
		if low -= half; !(t.least()-half >= low) || t.crowded(low) {
			return Choice{}, fmt.Errorf("%s: found the value %.6g, expected values above %.6g: declare another edge, as in positive(%.6g), or leave rows out", declared, t.least(), low+half, t.least()-max(t.step, math.Abs(t.least())))
		}
		return asDeclared(t.above(low))
	case Bounded:
		low, high := 0.0, 1.0
		switch {
		case edges != nil:
			low, high = edges[0], edges[1]
		case t.most() > 1:
			high = 100
		}
		if t.least() < low || t.most() > high || half == 0 && (t.crowded(low) || t.crowded(high)) {
			return Choice{}, fmt.Errorf("%s: found values from %.6g to %.6g, expected them between %.6g and %.6g: declare the range, as in bounded(%.6g,%.6g)", declared, t.least(), t.most(), low, high, math.Floor(t.least())-1, math.Ceil(t.most())+1)
		}
		return asDeclared(t.withTails(t.bounded(low-half, high+half)))
	case Periodic:
		if edges == nil {
			for _, c := range append(circles, [2]float64{0, 24}) {
				if t.least() >= c[0] && t.most() <= c[1] {
					edges = c[:]
					break
				}
			}
		}
		if edges == nil {
			return Choice{}, fmt.Errorf("%s: found values from %.6g to %.6g, which are on no circle known: declare it, as in periodic(0,360)", declared, t.least(), t.most())
		}
		if t.least() < edges[0] || t.most() > edges[1] {
			return Choice{}, fmt.Errorf("%s: found values from %.6g to %.6g, expected them between %.6g and %.6g", declared, t.least(), t.most(), edges[0], edges[1])
		}
		return asDeclared(t.periodic(edges[0], edges[1]))
	case Tails:
		if t.least() == t.most() {
			return Choice{}, fmt.Errorf("%s: found one value, %.6g", declared, t.least())
		}
		s := fitStudent(t.sample)
		return asDeclared(fitted{column: Column{Kind: Tails, Center: s.center, Scale: s.scale, Freedom: s.freedom}})
	}
	return asDeclared(fitted{column: Column{Kind: Continuous}})
}

func asDeclared(f fitted) (Choice, error) {
	c := f.choice()
	c.Why += ", as declared"
	return c, c.Column.Check()
}
