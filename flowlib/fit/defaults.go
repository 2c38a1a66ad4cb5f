package fit

import "normflow/flowlib/flow"

// DefaultConfig is 5,000 steps of 256 events at the learning rate that served the
// kind of flow best on the toy densities. Splines bear four times that of affine
// maps, which at higher rates learn slopes that cost a float32 its digits.
func DefaultConfig(of flow.Config) Config {
	c := Config{Steps: 5000, BatchSize: 256, LearningRate: 2e-3, WarmUp: 100, ClipNorm: 5, EvalEvery: 100}
	if of.Transform == "spline" {
		c.LearningRate = 8e-3
	}
	return c
}

// ConfigFor is DefaultConfig for so many training rows, at least 1, with averaged
// weights and an early end. Where there are few rows it takes smaller batches and looks
// at the validation rows more often: overfitting begins early.
//
// Its numbers were chosen on the nine toy densities at 16,000 rows and on tables of
// anomalies at 130 to 5,000 rows.
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
