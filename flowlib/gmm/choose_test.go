package gmm

import (
	"math"
	"testing"

	"normflow/flowlib/dataset"
)

func mustChoose(t *testing.T, rows [][]float64) *Mixture {
	t.Helper()
	m, err := Choose(rows, nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.check(len(rows[0])); err != nil {
		t.Fatal(err)
	}
	return m
}

// On fresh rows the fit loses to the truth what its parameters must cost, half a nat
// each over the training rows, and BIC finds how many components there are.
func TestChooseFindsTheTruth(t *testing.T) {
	for _, d := range []int{1, 2, 10} {
		m, n := truth(d), 6000
		got, fresh := mustChoose(t, draw(m, n, 1)), draw(m, 20000, 2)
		if len(got.Components) != 3 && d > 1 {
			t.Errorf("D=%d: %d components, want 3", d, len(got.Components))
		}
		parameters := 3 * float64(d*(d+3)/2+1)
		if kl := mean(m, fresh) - mean(got, fresh); !(kl < 2*0.5*parameters/float64(n)+2e-3) {
			t.Errorf("D=%d: %.4f nats from the truth", d, kl)
		}
	}
}

func TestChooseTakesOneForAGaussian(t *testing.T) {
	for _, d := range []int{1, 2, 12} {
		for seed := range uint64(3) {
			m := truth(d)
			m.Components = m.Components[:1]
			m.Components[0].Weight = 1
			rows := draw(m, 1500, seed)
			got := mustChoose(t, rows)
			if len(got.Components) != 1 {
				t.Errorf("D=%d, seed %d: %d components for a Gaussian", d, seed, len(got.Components))
			}
			want, err := dataset.NewWhitener(rows)
			if err != nil {
				t.Fatal(err)
			}
			u := make([]float64, d)
			want.Apply(u, rows[0])
			log := want.LogDet() - 0.5*float64(d)*math.Log(2*math.Pi)
			for _, v := range u {
				log -= 0.5 * v * v
			}
			if one := mean(got, rows[:1]); len(got.Components) == 1 && math.Abs(one-log) > 1e-9 {
				t.Errorf("D=%d: one component gives %g, the whitener's Gaussian %g", d, one, log)
			}
		}
	}
}

// A prior of round components would blur rows that lie on two crossing lines: rows left
// out tell whether it helps.
func TestChooseTakesThePriorThatHelps(t *testing.T) {
	flat := truth(4)
	flat.Components = flat.Components[:2]
	for k, c := range flat.Components {
		flat.Components[k].Weight = 0.5
		c.Scaler.Mean = make([]float64, 4)
		c.Scaler.Factor = [][]float64{{1}, {float64(2*k - 1), 0.02}, {0, 0, 1}, {0, 0, float64(1 - 2*k), 0.02}}
	}
	for name, m := range map[string]*Mixture{"flat": flat, "round": truth(4)} {
		rows, fresh := draw(m, 150, 3), draw(m, 5000, 4)
		got := mean(mustChoose(t, rows), fresh)
		f, err := newFitter(rows, nil, 1)
		if err != nil {
			t.Fatal(err)
		}
		all, none := mean(f.withPrior(1).choose(), fresh), mean(f.withPrior(0).choose(), fresh)
		t.Logf("%s: %.3f with the prior, %.3f without, %.3f chosen", name, all, none, got)
		if got < max(all, none)-0.1 {
			t.Errorf("%s: %.3f, where all of the prior has %.3f and none %.3f", name, got, all, none)
		}
	}
}
