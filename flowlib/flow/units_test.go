package flow_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"normflow/flowlib/backend"
	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/dataset"
	"normflow/flowlib/flow"
)

// twin is a model with random weights of that seed, whose features and context have
// the given mean and spread.
func twin(t *testing.T, name string, context int, mean, spread float64) *flow.Model {
	t.Helper()
	cfg, err := flow.Named(name, 2)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Layers, cfg.Hidden, cfg.Context = 4, []int{8}, context
	if cfg.Base == "mixture" {
		cfg.Components = 3
	}
	scaler := func(columns int) *dataset.Standardizer {
		s := &dataset.Standardizer{}
		for range columns {
			s.Mean, s.Std = append(s.Mean, mean), append(s.Std, spread)
		}
		return s
	}
	cfg.Scaler = scaler(2)
	if context > 0 {
		cfg.ContextScaler = scaler(context)
	}
	m, err := cfg.NewModel(backendtest.Open(t))
	if err != nil {
		t.Fatal(err)
	}
	weights, err := m.Weights()
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(3, 0))
	for _, w := range weights {
		for i := range w.Values {
			if m.Store().GetVariable(w.Path).Trainable {
				w.Values[i] += 0.2 * rng.NormFloat64()
			}
		}
	}
	if err := m.SetWeights(weights); err != nil {
		t.Fatal(err)
	}
	return m
}

// Seconds since 1970, coordinates, serial numbers, and numbers that no float32 holds:
// densities and draws are those of the same table around 0, but for the rounding of
// what is read.
func TestAnyMeanAndSpread(t *testing.T) {
	const rows = 50
	for _, name := range []string{"realnvp", "nsf", "glow", "realnvp+lu"} {
		for _, context := range []int{0, 1} {
			near := twin(t, name, context, 0, 1)
			u := make([][]float64, rows)
			rng := rand.New(rand.NewPCG(4, 0))
			for i := range u {
				for range 2 + context {
					u[i] = append(u[i], rng.NormFloat64())
				}
			}
			want, err := near.LogProb(u)
			if err != nil {
				t.Fatal(err)
			}
			draw := flow.Sampling{Seed: 5, Count: rows, LogProb: true}
			if context > 0 {
				draw.Context = [][]float64{{0.5}}
			}
			wantDraws, err := near.Draw(draw)
			if err != nil {
				t.Fatal(err)
			}
			wantStates, err := near.Inverse(u)
			if err != nil {
				t.Fatal(err)
			}
			places := [][2]float64{{1.76e9, 1e4}, {3e300, 1e299}, {1e6, 1}, {9e8, 1000}, {1e12, 1e6}, {52.5, 1e-4}, {-1e15, 1e9}, {0, 1e39}, {1e-300, 1e-300}}
			if backend.Name(backendtest.Open(t)) != "go" {
				places = places[:1] // XLA compiles each for seconds
			}
			for _, at := range places {
				mean, spread := at[0], at[1]
				t.Run(fmt.Sprintf("%s, context %d, at %g ± %g", name, context, mean, spread), func(t *testing.T) {
					m := twin(t, name, context, mean, spread)
					x := make([][]float64, rows)
					for i := range x {
						for _, v := range u[i] {
							x[i] = append(x[i], mean+spread*v)
						}
					}
					x[7] = x[6]
					got, err := m.LogProb(x)
					if err != nil {
						t.Fatal(err)
					}
					for i := range got {
						lp := got[i] + 2*math.Log(spread)
						if i != 7 && !(math.Abs(lp-want[i]) <= 1e-5*max(1, math.Abs(want[i]))) {
							t.Fatalf("row %d has log-density %.9g in standardized units, around 0 it has %.9g", i, lp, want[i])
						}
						if i != 7 && i != 6 && got[i] == got[6] {
							t.Fatalf("rows 6 and %d have equal log-densities %g", i, got[6])
						}
					}
					if got[7] != got[6] {
						t.Errorf("equal rows have log-densities %g and %g", got[6], got[7])
					}
					draw := draw
					if context > 0 {
						draw.Context = [][]float64{{mean + spread*0.5}}
					}
					draws, err := m.Draw(draw)
					if err != nil {
						t.Fatal(err)
					}
					for i, row := range draws.X {
						for d, v := range row {
							if standard := (v - mean) / spread; !(math.Abs(standard-wantDraws.X[i][d]) <= 1e-4) {
								t.Fatalf("draw %d is %.17g, standardized %g, around 0 it is %g", i, v, standard, wantDraws.X[i][d])
							}
						}
						if lp := draws.LogProb[i] + 2*math.Log(spread); !(math.Abs(lp-wantDraws.LogProb[i]) <= 1e-4*max(1, math.Abs(lp))) {
							t.Fatalf("draw %d has log-density %g in standardized units, around 0 it has %g", i, lp, wantDraws.LogProb[i])
						}
					}
					states, err := m.Inverse(x[:1])
					if err != nil {
						t.Fatal(err)
					}
					z := states[len(states)-1][0]
					if len(states) != len(wantStates) || states[0][0][0] != x[0][0] || !(math.Abs(z[0]-wantStates[len(states)-1][0][0]) <= 1e-5) {
						t.Errorf("%d states from %v to %v, around 0 %d to %v", len(states), states[0][0], z, len(wantStates), wantStates[len(wantStates)-1][0])
					}
					back, err := m.Forward([][]float64{append(z[:2:2], x[0][2:]...)})
					if err != nil {
						t.Fatal(err)
					}
					if last := back[len(back)-1][0]; len(back) != len(states) || !(math.Abs(last[0]-x[0][0]) <= 1e-5*spread) {
						t.Errorf("%d states back to %.17g, want %.17g", len(back), last[0], x[0][0])
					}
				})
			}
		}
	}
}
