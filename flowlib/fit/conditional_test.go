package fit_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/dataset"
	"normflow/flowlib/eval"
	"normflow/flowlib/fit"
	"normflow/flowlib/flow"
)

const noise = 0.2

// bent draws x = sin(2c) + 0.2·N for a continuous c, and for a class k of three,
// one-hot, x = k + 0.2·N. A row is x, then the context.
func bent(classes bool) func(seed int64, n int) [][]float64 {
	return func(seed int64, n int) [][]float64 {
		rng := rand.New(rand.NewPCG(uint64(seed), 1))
		rows := make([][]float64, n)
		for i := range rows {
			if classes {
				k := rng.IntN(3)
				rows[i] = []float64{float64(k) + noise*rng.NormFloat64(), 0, 0, 0}
				rows[i][1+k] = 1
				continue
			}
			c := rng.NormFloat64()
			rows[i] = []float64{math.Sin(2*c) + noise*rng.NormFloat64(), c}
		}
		return rows
	}
}

// A conditional flow of one feature comes close to the entropy of p(x | c), and
// not below it.
func TestConditionalFlowLearns(t *testing.T) {
	entropy := 0.5 * math.Log(2*math.Pi*math.E*noise*noise)
	for name, classes := range map[string]bool{"continuous": false, "classes": true} {
		t.Run(name, func(t *testing.T) {
			draw := bent(classes)
			train, valid, test := draw(1, 2000), draw(2, 500), draw(3, 4000)
			cfg := flow.RealNVP(1)
			cfg.Context = len(train[0]) - 1
			cfg.Layers, cfg.Hidden = 2, []int{32, 32}
			var x, c [][]float64
			for _, row := range train {
				x, c = append(x, row[:1]), append(c, row[1:])
			}
			var err error
			if cfg.Scaler, err = dataset.NewStandardizer(x); err != nil {
				t.Fatal(err)
			}
			if cfg.ContextScaler, err = dataset.NewStandardizer(c); err != nil {
				t.Fatal(err)
			}
			m, err := cfg.NewModel(backendtest.Open(t))
			if err != nil {
				t.Fatal(err)
			}
			before, err := eval.NLL(m, test)
			if err != nil {
				t.Fatal(err)
			}
			fc := fit.DefaultConfig(cfg)
			fc.Steps, fc.BatchSize, fc.LearningRate = 500, 128, 1e-2
			if _, err := fit.Run(context.Background(), m, train, valid, fc, nil); err != nil {
				t.Fatal(err)
			}
			nll, err := eval.NLL(m, test)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("NLL %.3f, then %.3f ± %.3f, entropy %.3f", before.Mean, nll.Mean, nll.SE, entropy)
			if !(nll.Mean < entropy+0.1) || !(nll.Mean > entropy-3*nll.SE) {
				t.Errorf("NLL is %.3f ± %.3f, the entropy of p(x|c) is %.3f", nll.Mean, nll.SE, entropy)
			}
		})
	}
}
