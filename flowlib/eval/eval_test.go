package eval_test

import (
	"math"
	"testing"

	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/dataset"
	"normflow/flowlib/eval"
	"normflow/flowlib/flow"
)

// gaussian is a flow whose density is known: a new flow behind a scaler.
func gaussian(t *testing.T) *flow.Model {
	t.Helper()
	cfg := flow.RealNVP(2)
	cfg.Layers, cfg.Hidden = 2, []int{4}
	cfg.Scaler = &dataset.Standardizer{Mean: []float64{1, -1}, Std: []float64{2, 0.5}}
	m, err := cfg.NewModel(backendtest.Open(t))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestNLLOfAGaussianIsItsEntropy(t *testing.T) {
	m := gaussian(t)
	x, err := m.Sample(1, 20000)
	if err != nil {
		t.Fatal(err)
	}
	nll, err := eval.NLL(m, x)
	if err != nil {
		t.Fatal(err)
	}
	want := 1 + math.Log(2*math.Pi) + math.Log(2*0.5) // entropy of N(μ, diag(4, ¼))
	if !(math.Abs(nll.Mean-want) <= 4*nll.SE && nll.SE <= 0.01) {
		t.Errorf("NLL is %.4f ± %.4f, want %.4f", nll.Mean, nll.SE, want)
	}
}

func TestNoMeanOfNothing(t *testing.T) {
	m := gaussian(t)
	for _, x := range [][][]float64{nil, {{0, 0}}} {
		if nll, err := eval.NLL(m, x); err == nil {
			t.Errorf("%d rows gave an NLL of %v", len(x), nll)
		}
	}
}

func TestIntegralIsOne(t *testing.T) {
	m := gaussian(t)
	mass, err := eval.Integral(m, [][2]float64{{-9, 11}, {-3.5, 1.5}}, 200)
	if err != nil || !(math.Abs(mass-1) <= 1e-4) { // ten σ and midpoint rule; float32 sums
		t.Errorf("integral is %g, %v", mass, err)
	}
	if _, err := eval.Integral(m, [][2]float64{{0, 1}}, 10); err == nil {
		t.Error("a window of one feature was accepted")
	}
}

// KL between a Gaussian flow and uniform squares: ∫ p log p - p log q, by hand.
func TestKLByHand(t *testing.T) {
	m, p := gaussian(t), dataset.Checkerboard()
	kl, err := eval.KL(m, p, p.Sample(1, 40000))
	if err != nil {
		t.Fatal(err)
	}
	// On the checkerboard each feature is uniform on [-4, 4]: mean 0, E[x²] = 16/3,
	// so E[(x-μ)²] = 16/3 + 1 for μ = ±1. A diagonal Gaussian asks for no more.
	crossEntropy := math.Log(2*math.Pi) + 0.5*((16.0/3+1)/4+(16.0/3+1)/0.25)
	if want := crossEntropy - p.Entropy; !(math.Abs(kl.Mean-want) <= 4*kl.SE) {
		t.Errorf("KL is %.4f ± %.4f, want %.4f", kl.Mean, kl.SE, want)
	}
}

func TestRoundTripAndFarOut(t *testing.T) {
	m := gaussian(t)
	x, err := m.Sample(1, 2000)
	if err != nil {
		t.Fatal(err)
	}
	far, err := eval.FarOut(x, 100, 10, 1)
	if err != nil {
		t.Fatal(err)
	}
	s, err := dataset.NewStandardizer(x)
	if err != nil {
		t.Fatal(err)
	}
	last := far[len(far)-1]
	if r := math.Hypot((last[0]-s.Mean[0])/s.Std[0], (last[1]-s.Mean[1])/s.Std[1]); !(math.Abs(r-10) <= 1e-9) {
		t.Errorf("a far row lies %g standard deviations out, want 10", r)
	}
	if _, err := eval.FarOut(x, len(x)+1, 10, 1); err == nil {
		t.Error("more rows were moved than there are")
	}
	worst, err := eval.RoundTrip(m, far)
	if err != nil || !(worst <= 1e-6) { // float32 through the scaler alone
		t.Errorf("round trip moves points by %g, %v", worst, err)
	}
}
