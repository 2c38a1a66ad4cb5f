package eval_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/dataset"
	"normflow/flowlib/eval"
	"normflow/flowlib/flow"
)

// fresh draws n events from the density of gaussian, moved and stretched.
func fresh(rng *rand.Rand, n int, shift, stretch float64) [][]float64 {
	return rows(rng, n, 2, func(x []float64) {
		x[0] = 1 + 2*(shift+stretch*rng.NormFloat64())
		x[1] = -1 + 0.5*rng.NormFloat64()
	})
}

// pValues are those of d, by the name of the test.
func pValues(d eval.Diagnostics) map[string]float64 {
	return map[string]float64{
		"latents":            d.Latents.PValue,
		"coverage":           d.Coverage.KS.PValue,
		"sliced Wasserstein": d.SlicedWasserstein.PValue,
		"MMD":                d.MMD.PValue,
		"C2ST":               d.C2ST.PValue,
	}
}

func TestDiagnoseAPerfectFlow(t *testing.T) {
	m := gaussian(t)
	rng := rand.New(rand.NewPCG(39, 40))
	const trials = 40
	alarms, together := map[string]int{}, 0
	for trial := range trials {
		d, err := eval.Diagnose(m, nil, fresh(rng, 120, 0, 1), int64(trial))
		if err != nil {
			t.Fatal(err)
		}
		for name, p := range pValues(d) {
			if p <= 0.2 {
				alarms[name]++
			}
		}
		if d.PValue <= 0.2 {
			together++
		}
	}
	t.Log(alarms, together)
	// At most 8 of 40 on average; 19 is exceeded once in 25,000 times.
	for name, n := range alarms {
		if n > 19 {
			t.Errorf("%s: p ≤ 0.2 for %d of %d perfect flows", name, n, trials)
		}
	}
	if together > 19 {
		t.Errorf("together: p ≤ 0.2 for %d of %d perfect flows", together, trials)
	}
}

func TestDiagnoseAFlowThatIsWrong(t *testing.T) {
	m := gaussian(t)
	rng := rand.New(rand.NewPCG(41, 42))
	d, err := eval.Diagnose(m, nil, fresh(rng, 600, 0, 1.6), 1)
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range pValues(d) {
		if !(p <= 0.005) {
			t.Errorf("data 1.6 times too wide in one feature: %s has p = %g", name, p)
		}
	}
	if !(d.PValue <= 0.025) {
		t.Errorf("together p = %g", d.PValue)
	}
	// Which feature, and which way: z_0 spreads too far, so the outer bins are full
	// and regions of highest density hold too little.
	if f := d.Latents.Features; !(f[0].PValue <= 1e-6 && f[1].PValue >= 1e-3) {
		t.Errorf("features: %+v", f)
	}
	if c := d.PIT.Counts; !(float64(c[0][0]) > d.PIT.Expected+4*d.PIT.SE && math.Abs(float64(c[1][0])-d.PIT.Expected) < 5*d.PIT.SE) {
		t.Errorf("PIT: %+v", d.PIT)
	}
	for _, l := range d.Coverage.Levels {
		if l.Level == 0.9 && !(l.Coverage < l.Expected-4*l.SE) {
			t.Errorf("coverage: %+v", l)
		}
	}
	again, err := eval.Diagnose(m, nil, fresh(rand.New(rand.NewPCG(41, 42)), 600, 0, 1.6), 1)
	if err != nil {
		t.Fatal(err)
	}
	a, errA := json.Marshal(d)
	b, errB := json.Marshal(again)
	if errA != nil || errB != nil || string(a) != string(b) {
		t.Error("the same seed gives other diagnostics")
	}
	if !strings.Contains(string(a), `"c2st":{"statistic":`) || strings.Contains(string(a), `"ess"`) {
		t.Errorf("JSON: %s", a)
	}
}

// The checkerboard p under a wide Gaussian q: the share tends to 1/∫p²/q.
func TestDiagnoseKnowsTheTruth(t *testing.T) {
	cfg := flow.RealNVP(2)
	cfg.Layers, cfg.Hidden = 1, []int{4}
	cfg.Scaler = &dataset.Standardizer{Mean: []float64{0, 0}, Std: []float64{3, 3}}
	m, err := cfg.NewModel(backendtest.Open(t))
	if err != nil {
		t.Fatal(err)
	}
	p := dataset.Checkerboard()
	d, err := eval.Diagnose(m, p, p.Sample(1, 4000), 1)
	if err != nil {
		t.Fatal(err)
	}
	// p²/q = (1/32)²·18π·exp((x²+y²)/18) on half of the squares; by symmetry half of
	// the integral over all: ½·(1/32)²·18π·I², I = ∫ exp(x²/18) over [-4, 4]. The dark
	// squares are exchanged with the light ones by a reflection of x.
	const cells = 10000
	i := 0.0
	for c := range cells {
		x := -4 + 8*(float64(c)+0.5)/cells
		i += math.Exp(x*x/18) * 8 / cells
	}
	want := 1 / (0.5 / 1024 * 18 * math.Pi * i * i)
	if d.ESS == nil || !(math.Abs(d.ESS.Share/want-1) <= 0.1) { // w is bounded: 4000 draws know Σw to 2%, Σw² to 3%
		t.Errorf("ESS is %+v, want a share of %g", d.ESS, want)
	}
	if !(d.PValue <= 0.025) {
		t.Errorf("a Gaussian passes for a checkerboard: p = %g", d.PValue)
	}
}

func TestDiagnoseIsChecked(t *testing.T) {
	m := gaussian(t)
	rng := rand.New(rand.NewPCG(43, 44))
	spoil := func(row []float64) [][]float64 {
		x := fresh(rng, 200, 0, 1)
		x[150] = row
		return x
	}
	for _, tt := range []struct {
		test [][]float64
		want string
	}{
		{spoil([]float64{0, math.NaN()}), "row 150"},
		{spoil([]float64{0, 1, 2}), "row 150 has 3 features"},
		{fresh(rng, 99, 0, 1), "at least 100 rows"},
		{nil, "at least 100 rows"},
	} {
		if _, err := eval.Diagnose(m, nil, tt.test, 1); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("error %v, want %q", err, tt.want)
		}
	}
	if _, err := eval.Diagnose(m, &dataset.Density{Name: "other", Features: 3}, fresh(rng, 200, 0, 1), 1); err == nil || !strings.Contains(err.Error(), "other has 3 features") {
		t.Errorf("a density of 3 features: %v", err)
	}
}
