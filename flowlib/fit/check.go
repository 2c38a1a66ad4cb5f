package fit

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"normflow/flowlib/dataset"
	"normflow/flowlib/flow"
	"normflow/internal/numbers"
)

// Check returns an error that lists every field with an impossible value: its name in
// JSON, the value and what was expected.
func (c Config) Check() error {
	var all []error
	for _, limit := range []struct {
		name string
		got  float64
		ok   bool
		want string
	}{
		{"steps", float64(c.Steps), c.Steps >= 1, "at least 1"},
		{"batch_size", float64(c.BatchSize), c.BatchSize >= 1, "at least 1"},
		{"eval_every", float64(c.EvalEvery), c.EvalEvery >= 1, "at least 1"},
		{"learning_rate", c.LearningRate, c.LearningRate > 0 && numbers.Finite(c.LearningRate), "positive and finite"},
		{"warm_up", float64(c.WarmUp), c.WarmUp >= 0, "at least 0"},
		{"clip_norm", c.ClipNorm, c.ClipNorm >= 0 && numbers.Finite(c.ClipNorm), "at least 0 and finite, 0 for none"},
		{"patience", float64(c.Patience), c.Patience >= 0, "at least 0, 0 for no end"},
		{"ema_decay", c.EMADecay, c.EMADecay >= 0 && c.EMADecay < 1, "at least 0 and below 1, 0 for none"},
		{"devices", float64(c.Devices), c.Devices >= 0 && c.Devices <= max(c.BatchSize, 1), "at most batch_size, 0 or 1 for one"},
		{"weight_decay", c.WeightDecay, c.WeightDecay >= 0 && numbers.Finite(c.WeightDecay), "at least 0 and finite"},
	} {
		if !limit.ok {
			all = append(all, fmt.Errorf("fit: %s must be %s, found %g", limit.name, limit.want, limit.got))
		}
	}
	if shrink := c.LearningRate * c.WeightDecay; shrink >= 1 {
		all = append(all, fmt.Errorf("fit: weight_decay times learning_rate must be below 1, the weights themselves, found %g", shrink))
	}
	if _, ok := engines[c.Engine]; !ok {
		var names []string
		for _, name := range slices.Sorted(maps.Keys(engines)) {
			names = append(names, strconv.Quote(name))
		}
		all = append(all, fmt.Errorf("fit: engine must be %s, found %q", strings.Join(names, " or "), c.Engine))
	}
	if c.InOrder && c.Replacement {
		all = append(all, errors.New("fit: in_order and replacement exclude each other, found both"))
	}
	return errors.Join(all...)
}

func check(m *flow.Model, train, valid [][]float64, cfg Config) error {
	if err := cfg.Check(); err != nil {
		return err
	}
	if err := cfg.checkStream(); err != nil {
		return err
	}
	if err := cfg.checkDevices(m); err != nil {
		return err
	}
	need := cfg.BatchSize
	if cfg.Replacement {
		need = 1
	}
	if len(train) < need || len(valid) == 0 {
		return fmt.Errorf("fit: %d training and %d validation events are too few for batches of %d: expected at least %d and 1", len(train), len(valid), cfg.BatchSize, need)
	}
	if err := dataset.CheckRows(train, m.Columns()); err != nil {
		return fmt.Errorf("fit: training data: %w", err)
	}
	if err := dataset.CheckRows(valid, m.Columns()); err != nil {
		return fmt.Errorf("fit: validation data: %w", err)
	}
	return nil
}
