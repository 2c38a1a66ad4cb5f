package fit

import (
	"context"
	"fmt"

	"normflow/flowlib/backend"
	"normflow/flowlib/dataset"
	"normflow/flowlib/flow"
)

// ToData fits a flow to rows, [n, D+C], in the units of the data, with defaults for
// everything else. It measures the scalers that cfg lacks, keeps a tenth of the rows
// for validation, trains with [ConfigFor] on [EngineFast], and returns the model on the
// backend that [backend.Open] chooses. For more control use [Run]. All randomness
// follows from cfg.Seed.
//
// ToData returns an error if cfg is impossible, if there are fewer than 20 rows, if the
// rows do not suit cfg, or if Run fails.
func ToData(ctx context.Context, cfg flow.Config, rows [][]float64) (*flow.Model, Result, error) {
	if err := dataset.CheckRows(rows, cfg.Columns()); err != nil {
		return nil, Result{}, fmt.Errorf("fit: the rows: %w", err)
	}
	const least = 20
	if len(rows) < least {
		return nil, Result{}, fmt.Errorf("fit: found %d rows, expected at least %d", len(rows), least)
	}
	data, err := dataset.Split(rows, cfg.Seed, 0.1, 0)
	if err != nil {
		return nil, Result{}, err
	}
	if cfg, err = withScalers(cfg, data.Train); err != nil {
		return nil, Result{}, fmt.Errorf("fit: the training rows: %w", err)
	}
	b, err := backend.Open("")
	if err != nil {
		return nil, Result{}, err
	}
	m, err := cfg.NewModel(b)
	if err != nil {
		return nil, Result{}, err
	}
	training := ConfigFor(cfg, len(data.Train))
	training.Seed, training.Engine = cfg.Seed, EngineFast
	result, err := Run(ctx, m, data.Train, data.Valid, training, nil)
	return m, result, err
}

// withScalers returns cfg, with scalers measured on rows where cfg has none.
func withScalers(cfg flow.Config, rows [][]float64) (_ flow.Config, err error) {
	part := func(from, to int) [][]float64 {
		columns := make([][]float64, len(rows))
		for i, row := range rows {
			columns[i] = row[from:to]
		}
		return columns
	}
	if cfg.Scaler == nil {
		whitener, err := dataset.NewWhitener(part(0, cfg.Features))
		if err != nil {
			return cfg, err
		}
		if cfg.Scaler = whitener; cfg.Layers > 0 {
			cfg.Scaler = whitener.ForFlow()
		}
	}
	if cfg.ContextScaler == nil && cfg.Context > 0 {
		if cfg.ContextScaler, err = dataset.NewStandardizer(part(cfg.Features, cfg.Columns())); err != nil {
			return cfg, fmt.Errorf("columns of context: %w", err)
		}
	}
	return cfg, nil
}
