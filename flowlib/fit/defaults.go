package fit

import "normflow/flowlib/flow"

// DefaultConfig returns 5,000 steps of 256 events at the learning rate that did best on
// the toy densities for this kind of flow. Splines tolerate four times the rate of
// affine maps, which learn slopes too steep for float32 at higher rates.
func DefaultConfig(of flow.Config) Config {
	c := Config{Steps: 5000, BatchSize: 256, LearningRate: 2e-3, WarmUp: 100, ClipNorm: 5, EvalEvery: 100}
	if of.Transform == "spline" {
		c.LearningRate = 8e-3
	}
	return c
}

// ConfigFor returns DefaultConfig adapted to the given number of training rows, at
// least 1, with averaged weights and early stopping. With few rows it uses smaller
// batches and validates more often, because overfitting begins early.
//
// The numbers were chosen on the nine toy densities at 16,000 rows and on anomaly
// tables of 130 to 5,000 rows.
func ConfigFor(of flow.Config, rows int) Config {
	const (
		leastBatches   = 8 // that an epoch has, down to
		minBatch       = 32
		epochsPerPoint = 2 // of the curve, within
		minEvalEvery   = 20
	)
	c := DefaultConfig(of)
	c.BatchSize = min(c.BatchSize, max(minBatch, rows/leastBatches), rows)
	c.EvalEvery = min(c.EvalEvery, max(minEvalEvery, epochsPerPoint*rows/c.BatchSize))
	c.Patience = 20
	c.EMADecay = 0.999
	return c
}
