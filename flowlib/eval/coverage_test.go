package eval_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"normflow/flowlib/eval"
)

// logDensities is -|x|²/2 for n draws of a Gaussian with standard deviation std.
func logDensities(rng *rand.Rand, n int, std float64) []float64 {
	out := make([]float64, n)
	for i, x := range unit(rng, n, 2) {
		out[i] = -std * std * (x[0]*x[0] + x[1]*x[1]) / 2
	}
	return out
}

var levels = []float64{0.1, 0.5, 0.9}

func TestCoverageFalseAlarms(t *testing.T) {
	const trials = 400
	rng := rand.New(rand.NewPCG(15, 16))
	var sum, squares [3]float64 // of standardized deviations
	// 100 and 131 have no common factor: D has steps of 1/13100, p hardly any.
	checkFalseAlarms(t, trials, func(int) float64 {
		c, err := eval.CoverageOf(logDensities(rng, 100, 1), logDensities(rng, 131, 1), levels)
		if err != nil {
			t.Fatal(err)
		}
		for i, l := range c.Levels {
			z := (l.Coverage - l.Expected) / l.SE
			sum[i] += z
			squares[i] += z * z
		}
		return c.KS.PValue
	}, nil)
	// Mean 0 and variance 1, within four standard errors of a Gaussian's.
	for i := range levels {
		mean, variance := sum[i]/trials, squares[i]/trials
		if !(math.Abs(mean) <= 4/math.Sqrt(trials) && math.Abs(variance-1) <= 4*math.Sqrt(2.0/trials)) {
			t.Errorf("level %g: coverage is off by %.3f SE on average, variance %.3f SE²", levels[i], mean, variance)
		}
	}
}

// A flow too wide, and one too narrow. |x|² is exponential, so that the region of
// mass α under a unit Gaussian holds 1 - (1-α)^(1/σ²) of events that spread by σ.
func TestCoverageOfAFlowThatSpreadsWrong(t *testing.T) {
	rng := rand.New(rand.NewPCG(17, 18))
	for _, std := range []float64{0.7, 1.4} { // of the events, where the flow has 1
		c, err := eval.CoverageOf(logDensities(rng, 4000, std), logDensities(rng, 20000, 1), levels)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range c.Levels {
			want := 1 - math.Pow(1-l.Level, 1/(std*std))
			if !(math.Abs(l.Coverage-want) <= 5*l.SE && math.Abs(l.Expected-l.Level) <= 1.0/20000) {
				t.Errorf("events of standard deviation %g: level %+v, want a coverage of %.3f", std, l, want)
			}
		}
		if !(c.KS.PValue <= 1e-6) {
			t.Errorf("events of standard deviation %g: %+v", std, c.KS)
		}
	}
}

func TestCoverageByHand(t *testing.T) {
	draws := []float64{9, 1, 8, 2, 7, 3, 6, 4, 5, 100}
	events := []float64{math.Inf(-1), 0, 4.5, 5, 6, 6.5, 10, 11, 12, 13, 14, 15}
	if _, err := eval.CoverageOf(draws, events, []float64{0.5}); err == nil {
		t.Error("a draw without density was accepted") // the two are exchanged
	}
	c, err := eval.CoverageOf(events, draws, []float64{0.5})
	if err != nil {
		t.Fatal(err)
	}
	// k = round(0.5·11) = 6: the edge is 6, with 7 of 12 events above, the one at the
	// edge not among them, and 5 of 11 gaps between the draws.
	l := c.Levels[0]
	if !(math.Abs(l.Coverage-7.0/12) <= 1e-15 && math.Abs(l.Expected-5.0/11) <= 1e-15) {
		t.Errorf("level: %+v", l)
	}
}

func TestCoverageIsChecked(t *testing.T) {
	rng := rand.New(rand.NewPCG(19, 20))
	good := func() []float64 { return logDensities(rng, 50, 1) }
	spoiled := good()
	spoiled[4] = math.NaN()
	for _, tt := range []struct {
		events, draws, levels []float64
		want                  string
	}{
		{spoiled, good(), levels, "event 4"},
		{good(), spoiled, levels, "draw 4"},
		{good()[:9], good(), levels, "at least 10"},
		{good(), nil, levels, "at least 10"},
		{good(), good(), []float64{1}, "mass 1"},
		{good(), good(), []float64{0.999}, "mass 0.999"},
		{good(), good(), []float64{math.NaN()}, "NaN"},
	} {
		if c, err := eval.CoverageOf(tt.events, tt.draws, tt.levels); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got %v, error %v, want %q", c, err, tt.want)
		}
	}
}
