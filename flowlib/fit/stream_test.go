package fit_test

import (
	"context"
	"errors"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"normflow/flowlib/fit"
)

// cycle is a stream of the same rows, over and over in their order.
type cycle struct {
	rows [][]float64
	at   int
	ends int // how many events there are until it fails; 0: no end
}

var errDry = errors.New("the stream is dry")

func (c *cycle) Next(rows [][]float64) error {
	for _, row := range rows {
		if c.ends > 0 && c.at == c.ends {
			return errDry
		}
		copy(row, c.rows[c.at%len(c.rows)])
		c.at++
	}
	return nil
}

func (c *cycle) Skip(n int) error {
	c.at += n
	return nil
}

// A stream of the rows in their order gives every bit of the weights that the rows give in
// memory, also where the run is interrupted and resumed.
func TestStream(t *testing.T) {
	for _, engine := range []string{fit.EngineGraph, fit.EngineFast} {
		t.Run("engine "+engine, func(t *testing.T) {
			cfg := smallConfig()
			cfg.Engine, cfg.EMADecay, cfg.Steps = engine, 0.9, 50 // the last window is not used up
			train, valid := ring(1, 200), ring(2, 100)
			held, streamed, resumed := newModel(t), newModel(t), newModel(t)
			inOrder := cfg
			inOrder.InOrder = true
			want, err := fit.Run(t.Context(), held, train, valid, inOrder, nil)
			if err != nil {
				t.Fatal(err)
			}
			cfg.Stream = &cycle{rows: train}
			got, err := fit.Run(t.Context(), streamed, train, valid, cfg, nil)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got.Curve, want.Curve) {
				t.Errorf("the curve is\n%+v, in memory\n%+v", got.Curve, want.Curve)
			}
			if !reflect.DeepEqual(weights(t, streamed), weights(t, held)) {
				t.Error("the weights are others than in memory")
			}

			cfg.Checkpoint = filepath.Join(t.TempDir(), "c")
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			cfg.Stream = &cycle{rows: train}
			if _, err = fit.Run(ctx, resumed, train, valid, cfg, func(fit.Point, fit.Config) { stop() }); !errors.Is(err, context.Canceled) {
				t.Fatalf("interrupted: %v", err)
			}
			inOrder.Checkpoint = cfg.Checkpoint
			if _, err = fit.Run(t.Context(), newModel(t), train, valid, inOrder, nil); err == nil || !strings.Contains(err.Error(), "another run") {
				t.Errorf("the checkpoint of a stream in memory: %v", err)
			}
			cfg.Stream = &cycle{rows: train}
			resumed = newModel(t)
			if _, err = fit.Run(t.Context(), resumed, train, valid, cfg, nil); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(weights(t, resumed), weights(t, held)) {
				t.Error("the weights after an interruption are others")
			}

			cfg.Checkpoint, cfg.Stream = "", &cycle{rows: train, ends: 700}
			r, err := fit.Run(t.Context(), newModel(t), train, valid, cfg, nil)
			if !errors.Is(err, errDry) || !strings.Contains(err.Error(), "from step 21 on") || len(r.Curve) != 1 {
				t.Errorf("a stream that fails after a point: %d points, %v", len(r.Curve), err)
			}
			cfg.Stream, cfg.Replacement = &cycle{rows: train}, true
			if _, err := fit.Run(t.Context(), newModel(t), train, valid, cfg, nil); err == nil {
				t.Error("a stream with replacement: no error")
			}
		})
	}
}
