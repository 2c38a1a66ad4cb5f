package figure

import (
	"math"
	"testing"
)

// The first steps of a training do not flatten the rest.
func TestCurveView(t *testing.T) {
	var c CurvePanel
	for step := 0; step <= 1000; step += 10 {
		c.Training = append(c.Training, []float64{float64(step), -2 - 1000*math.Exp(-float64(step)/4)})
	}
	c.Validation = c.Training
	c.Limit = &Mark{Name: "limit", Value: -1.9}
	b := c.view()
	if b.ymin < -2.2 || b.ymin > -2 || b.ymax < -1.9 || b.ymax > -1.8 {
		t.Errorf("y goes from %v to %v", b.ymin, b.ymax)
	}
}
