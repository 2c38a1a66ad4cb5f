package fit_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"normflow/flowlib/fit"
)

func TestImpossibleConfigs(t *testing.T) {
	for want, change := range map[string]func(*fit.Config){
		"steps must be at least 1, found 0":         func(c *fit.Config) { c.Steps = 0 },
		"batch_size must be at least 1, found -1":   func(c *fit.Config) { c.BatchSize = -1 },
		"too few for batches of 1000":               func(c *fit.Config) { c.BatchSize = 1000 },
		"learning_rate must be positive":            func(c *fit.Config) { c.LearningRate = math.NaN() },
		"learning_rate must be positive and finite": func(c *fit.Config) { c.LearningRate = math.Inf(1) },
		"clip_norm must be at least 0":              func(c *fit.Config) { c.ClipNorm = -1 },
		"clip_norm must be at least 0 and finite":   func(c *fit.Config) { c.ClipNorm = math.Inf(1) },
		"eval_every must be":                        func(c *fit.Config) { c.EvalEvery = 0 },
		"warm_up must be at least 0, found -2":      func(c *fit.Config) { c.WarmUp = -2 },
		"patience must be at least 0":               func(c *fit.Config) { c.Patience = -1 },
		"ema_decay must be at least 0 and below 1":  func(c *fit.Config) { c.EMADecay = 1 },
		"ema_decay must be":                         func(c *fit.Config) { c.EMADecay = math.NaN() },
		"weight_decay must be at least 0":           func(c *fit.Config) { c.WeightDecay = -0.1 },
		"weight_decay times learning_rate must be":  func(c *fit.Config) { c.WeightDecay = 200 },
	} {
		cfg := smallConfig()
		change(&cfg)
		_, err := fit.Run(context.Background(), newModel(t), ring(1, 200), ring(2, 100), cfg, nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error about %s", err, want)
		}
	}
	cfg := smallConfig()
	cfg.Steps, cfg.EMADecay = 0, 2
	_, err := fit.Run(context.Background(), newModel(t), ring(1, 200), ring(2, 100), cfg, nil)
	if err == nil || !strings.Contains(err.Error(), "steps") || !strings.Contains(err.Error(), "ema_decay") {
		t.Errorf("got %v, want an error about both mistakes", err)
	}
}

// Few events can fill a large batch with replacement.
func TestReplacementOfFewEvents(t *testing.T) {
	cfg := smallConfig()
	cfg.BatchSize, cfg.Replacement, cfg.Steps = 64, true, 20
	if _, err := fit.Run(context.Background(), newModel(t), ring(1, 10), ring(2, 100), cfg, nil); err != nil {
		t.Error(err)
	}
}

func TestNaNInTheDataIsRefused(t *testing.T) {
	x := ring(1, 200)
	x[3][1] = math.NaN()
	_, err := fit.Run(context.Background(), newModel(t), x, ring(2, 100), smallConfig(), nil)
	if err == nil || !strings.Contains(err.Error(), "training data: dataset: row 3, column 1") {
		t.Errorf("got %v, want an error naming row and column", err)
	}
	_, err = fit.Run(context.Background(), newModel(t), ring(2, 100), x, smallConfig(), nil)
	if err == nil || !strings.Contains(err.Error(), "validation data: dataset: row 3, column 1") {
		t.Errorf("got %v, want an error naming row and column before a step is made", err)
	}
}
