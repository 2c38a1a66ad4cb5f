package fit_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"normflow/flowlib/fit"
)

// Both engines take the weights, and what a step says is the weighted mean.
func TestEnginesTakeWeights(t *testing.T) {
	for _, model := range []string{"realnvp", "glow", "nsf", "realnvp+mixture"} {
		t.Run(model, func(t *testing.T) {
			cfg := smallConfig()
			for i := range 200 {
				cfg.Weights = append(cfg.Weights, float64(i%4))
			}
			for i := range 100 {
				cfg.ValidWeights = append(cfg.ValidWeights, float64(i%3))
			}
			graph, byHand := named(t, model), named(t, model)
			want := run(t, graph, cfg)
			cfg.Engine = fit.EngineFast
			got := run(t, byHand, cfg)
			for i, p := range got.Curve {
				if w := want.Curve[i]; !(math.Abs(p.Train-w.Train) < 2e-3) || !(math.Abs(p.Valid-w.Valid) < 2e-3) {
					t.Errorf("point %d is %+v, by the graph %+v", i, p, w)
				}
			}
		})
	}
}

// A step on all rows by their weights is one on rows that are there as often. Only ratios
// of weights count, and rows of weight 0 do not, whatever they hold.
func TestWeightsCountRows(t *testing.T) {
	train, valid := ring(1, 30), ring(2, 20)
	var weights []float64
	var repeated [][]float64
	for i, row := range train {
		weights = append(weights, float64(1+i%2))
		for range 1 + i%2 {
			repeated = append(repeated, row)
		}
	}
	fitted := func(train [][]float64, weights []float64, engine string) (fit.Result, [][]float64) {
		t.Helper()
		cfg := smallConfig()
		cfg.Steps, cfg.EvalEvery, cfg.BatchSize, cfg.WarmUp, cfg.Constant, cfg.InOrder = 5, 5, len(train), 0, true, true
		for _, w := range weights {
			if w == 0 {
				cfg.BatchSize--
			}
		}
		cfg.Weights, cfg.Engine = weights, engine
		m := named(t, "realnvp")
		r, err := fit.Run(context.Background(), m, train, valid, cfg, nil)
		if err != nil {
			t.Fatal(err)
		}
		of, err := m.Weights()
		if err != nil {
			t.Fatal(err)
		}
		var values [][]float64
		for _, w := range of {
			values = append(values, w.Values)
		}
		return r, values
	}
	for _, engine := range []string{fit.EngineGraph, fit.EngineFast} {
		want, wantOf := fitted(repeated, nil, engine)
		same := func(what string, r fit.Result, of [][]float64, tol float64) {
			t.Helper()
			if d := math.Abs(r.Curve[0].Train - want.Curve[0].Train); !(d <= tol) {
				t.Errorf("%s: the training NLL is %g, of repeated rows %g", what, r.Curve[0].Train, want.Curve[0].Train)
			}
			for i := range of {
				for k, v := range of[i] {
					if !(math.Abs(v-wantOf[i][k]) <= 10*tol) {
						t.Fatalf("%s: weight %d of array %d is %g, with repeated rows %g", what, k, i, v, wantOf[i][k])
					}
				}
			}
		}
		r, of := fitted(train, weights, engine)
		same("weights", r, of, 1e-4)
		want, wantOf = r, of
		scaled := make([]float64, len(weights))
		for i, w := range weights {
			scaled[i] = math.Ldexp(w, 900)
		}
		r, of = fitted(train, scaled, engine)
		same("scaled", r, of, 0)
		r, of = fitted(append(train[:len(train):len(train)], []float64{math.NaN(), 1e300}), append(weights[:len(weights):len(weights)], 0), engine)
		same("a row of weight 0", r, of, 0)
	}
}

func TestWrongWeights(t *testing.T) {
	for want, weights := range map[string][]float64{
		"training data: dataset: 3 weights for 4 rows":  {1, 1, 1},
		"training data: dataset: row 2 has weight -1":   {1, 1, -1, 1},
		"training data: dataset: row 0 has weight NaN":  {math.NaN(), 1, 1, 1},
		"training data: dataset: row 1 has weight +Inf": {1, math.Inf(1), 1, 1},
		"training data: dataset: the weights sum to 0":  {0, 0, 0, 0},
	} {
		cfg := smallConfig()
		cfg.BatchSize, cfg.Weights = 2, weights
		_, err := fit.Run(context.Background(), newModel(t), ring(1, 4), ring(2, 4), cfg, nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("weights %v: got %v, want %q", weights, err, want)
		}
	}
}
