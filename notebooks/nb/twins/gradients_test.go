package twins

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"normflow/flowlib/byhand"
	"normflow/flowlib/dataset"
	"normflow/flowlib/figure"
	"normflow/notebooks/nb"
)

// byHandTwins have no model: what is done by hand alone can do without.
func byHandTwins() Twins {
	f := byhand.New[float64](2, 3, []int{12, 12}, 1)
	rng := rand.New(rand.NewPCG(3, 0))
	for _, values := range f.Params() {
		for i := range values {
			values[i] += 0.2 * rng.NormFloat64()
		}
	}
	return Twins{ByHand: f, X: dataset.TwoMoons(0.1).Sample(1, 20)}
}

func TestGradientsAgree(t *testing.T) {
	t.Setenv("GOMLX_BACKEND", "go")
	twins := NewTwins(2)
	g := twins.Gradients()
	s := g.Summary()
	if n := float64(twins.ByHand.NumParameters()); s["derivatives"] != n || n != 2*4418 {
		t.Errorf("%g derivatives of %g weights", s["derivatives"], n)
	}
	// Two orders of summation in float64, of derivatives of order 1.
	if !(s["difference"] <= 1e-12) || !(s["relative"] <= s["difference"]) || !(s["nll_difference"] <= 1e-12) {
		t.Errorf("summary: %v", s)
	}
	if !(s["largest"] > 0.01) || s["equal"] > 0.9*s["derivatives"] {
		t.Errorf("nothing to compare: %v", s)
	}
	charts := g.Charts()
	if _, err := figure.Lines(nb.Info("gradients"), charts...); err != nil {
		t.Error(err)
	}
	total := 0.0
	for i := 1; i+1 < len(charts[1].Lines[0].XY); i += 2 {
		total += charts[1].Lines[0].XY[i][1]
	}
	if total != s["derivatives"]-s["equal"] {
		t.Errorf("the histogram holds %g of %g differences", total, s["derivatives"]-s["equal"])
	}
}

func TestGradientsThatDiffer(t *testing.T) {
	g := Gradients{ByHand: []float64{1, -200, 0}, AutoDiff: []float64{1, -201, 0.5}, NLLByHand: 1, NLLAutoDiff: 3}
	s := g.Summary()
	want := map[string]float64{"derivatives": 3, "equal": 1, "largest": 201, "difference": 1, "relative": 0.5, "nll_difference": 2}
	for name, v := range want {
		if s[name] != v {
			t.Errorf("%s is %g, expected %g", name, s[name], v)
		}
	}
	g.ByHand[0] = math.NaN()
	if text := g.String(); !strings.Contains(text, "largest difference: NaN") {
		t.Error(text)
	}
	if s := g.Summary(); !math.IsNaN(s["difference"]) {
		t.Errorf("a NaN went unseen: %v", s)
	}
}

func TestLogHistogram(t *testing.T) {
	outline := logHistogram([]float64{0, 1.5, 1.6, 9})
	// [1, 2) holds two, [2, 4) and [4, 8) none, [8, 16) one.
	if len(outline) != 10 || outline[0][0] != 1 || outline[1][1] != 2 || outline[4][1] != 0 || outline[7][1] != 1 || outline[9][0] != 16 {
		t.Errorf("outline: %v", outline)
	}
	if outline := logHistogram([]float64{0, 0}); len(outline) < 2 || outline[1][1] != 0 {
		t.Errorf("of zeros: %v", outline)
	}
}

func TestTaylorTellsARightGradientFromAWrongOne(t *testing.T) {
	taylor := byHandTwins().Taylor()
	constant, tangent, mistaken := taylor.Ratios()
	if !(math.Abs(constant-2) <= 0.01) || !(math.Abs(tangent-4) <= 0.1) || !(math.Abs(mistaken-2) <= 0.1) {
		t.Errorf("halving h divides the remainders by %g, %g and %g, expected 2, 4 and 2", constant, tangent, mistaken)
	}
	if text := taylor.String(); !strings.Contains(text, "4.0") || taylor.Summary()["ratio"] != tangent {
		t.Error(text)
	}
	if _, err := figure.Lines(nb.Info("taylor"), taylor.Chart()); err != nil {
		t.Error(err)
	}
	taylor.Tangent[3] = 0
	if n := len(taylor.Chart().Lines[1].XY); n != len(taylor.H)-1 {
		t.Errorf("%d points of %d with one that is 0", n, len(taylor.H))
	}
}
