package fit_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"normflow/flowlib/dataset"
	"normflow/flowlib/fit"
	"normflow/flowlib/flow"
)

func TestToDataRefuses(t *testing.T) {
	rows := dataset.TwoMoons(0.1).Sample(1, 100)
	broken := dataset.TwoMoons(0.1).Sample(1, 100)
	broken[7][1] = math.NaN()
	constant := dataset.TwoMoons(0.1).Sample(1, 100)
	for _, row := range constant {
		row[1] = 3
	}
	impossible := flow.RealNVP(2)
	impossible.Layers = -1
	conditional := flow.RealNVP(1)
	conditional.Context = 1
	for want, given := range map[string]struct {
		cfg  flow.Config
		rows [][]float64
	}{
		"expected at least 20":               {flow.RealNVP(2), rows[:19]},
		"has 2 features, expected 3":         {flow.RealNVP(3), rows},
		"row 7, column 1 is NaN":             {flow.RealNVP(2), broken},
		"column 1 cannot be standardized":    {flow.RealNVP(2), constant},
		"columns of context: dataset: colum": {conditional, constant},
		"layers must be":                     {impossible, rows},
	} {
		if _, _, err := fit.ToData(context.Background(), given.cfg, given.rows); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
}

// Scalers that the config has are kept, and a fit that is interrupted says so.
func TestToDataKeepsScalers(t *testing.T) {
	cfg := flow.RealNVP(2)
	cfg.Layers, cfg.Hidden = 1, []int{4}
	cfg.Scaler = &dataset.Standardizer{Mean: []float64{1, 2}, Std: []float64{3, 4}}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	m, _, err := fit.ToData(ctx, cfg, dataset.TwoMoons(0.1).Sample(1, 100))
	if err == nil || !strings.Contains(err.Error(), context.Canceled.Error()) {
		t.Fatalf("got %v, want an error of the context", err)
	}
	if got, err := m.Config(); err != nil || got.Scaler != cfg.Scaler {
		t.Errorf("the scaler is %+v, %v", got.Scaler, err)
	}
}
