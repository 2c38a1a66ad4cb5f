package runs

import (
	"math"
	"testing"

	"normflow/flowlib/figure"
	"normflow/notebooks/nb"
)

func TestRunsSideBySide(t *testing.T) {
	small(t)
	train := func(model string) Run {
		cfg := Zoo(model, "spirals", 2, 0)
		cfg.Train, cfg.Valid, cfg.Test = 300, 50, 50
		return Run{model, Train(cfg)}
	}
	runs := []Run{train("realnvp"), train("realnvp+actnorm+lu"), train("nsf+plain")}
	if c := runs[1].Config; c.Flow.Layers != 2 || c.Fit.Steps != 2 || !c.Flow.ActNorm || c.Flow.Name() != "realnvp+actnorm+lu" {
		t.Errorf("%s: %+v", c.Flow.Name(), c)
	}
	densities, draws := Densities(runs), Draws(runs, 20)
	if len(densities) != 4 || densities[3].Name != "nsf+plain" || len(draws) != 4 || draws[2].Name != "realnvp+actnorm+lu" {
		t.Errorf("%d densities, %d draws", len(densities), len(draws))
	}
	for _, draw := range []func() (figure.SVG, error){
		func() (figure.SVG, error) { return figure.Density(nb.Info("spirals-density"), densities...) },
		func() (figure.SVG, error) { return figure.Scatter(nb.Info("spirals-samples"), draws...) },
	} {
		if _, err := draw(); err != nil {
			t.Error(err)
		}
	}
}

// The drawn derivative is that of the drawn curve, which rises through its knots
// and is the identity outside.
func TestSplineCharts(t *testing.T) {
	t.Setenv("GOMLX_BACKEND", "go")
	charts := SplineCharts()
	curve, slope := charts[0].Lines[0].XY, charts[1].Lines[0].XY
	for i := 1; i+1 < len(curve); i++ {
		difference := (curve[i+1][1] - curve[i-1][1]) / (curve[i+1][0] - curve[i-1][0])
		// the second derivative jumps at knots, by some tens, over 0.0125
		if !(math.Abs(difference-slope[i][1]) <= 0.15) || !(slope[i][1] > 0) {
			t.Errorf("at %.4f: slope %.4f, difference quotient %.4f", curve[i][0], slope[i][1], difference)
		}
		if math.Abs(curve[i][0]) > splineBound && (curve[i][1] != curve[i][0] || slope[i][1] != 1) {
			t.Errorf("at %.4f, outside: %.4f with slope %.4f", curve[i][0], curve[i][1], slope[i][1])
		}
	}
	knots, slopes := charts[0].Lines[1].XY, charts[1].Lines[1].XY
	at := -splineBound
	for i, knot := range knots {
		// the least share of a bin moves knots by a few thousandths of the square
		if !(math.Abs(knot[1]-at) <= 0.05) {
			t.Errorf("knot %d at a height of %.4f, want %.4f", i, knot[1], at)
		}
		if i < len(binHeights) {
			at += 2 * splineBound * binHeights[i]
		}
		if i > 0 && i < len(knots)-1 && !(math.Abs(slopes[i][1]-knotSlopes[i-1]) <= 0.2) {
			t.Errorf("knot %d has slope %.4f, want %.4f", i, slopes[i][1], knotSlopes[i-1])
		}
	}
}
