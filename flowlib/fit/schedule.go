package fit

import "math"

// schedule is what changes from step to step, see [trainer.stepGraph].
func (c Config) schedule(step int) []float64 {
	return []float64{c.learningRate(step), c.averageShare(step)}
}

// learningRate is the rate of the given step, counted from 0: a linear rise
// over the warm-up, then half a cosine down to zero, or none.
func (c Config) learningRate(step int) float64 {
	if step < c.WarmUp {
		return c.LearningRate * float64(step+1) / float64(c.WarmUp)
	}
	if c.Constant {
		return c.LearningRate
	}
	done := float64(step-c.WarmUp) / float64(max(1, c.Steps-c.WarmUp))
	return c.LearningRate * 0.5 * (1 + math.Cos(math.Pi*done))
}
