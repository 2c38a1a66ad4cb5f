package tabular

import (
	"fmt"
	"math"

	"normflow/flowlib/density"
	"normflow/flowlib/flow"
	"normflow/flowlib/table"
)

// Comparison compares a flow, on the validation rows, with the Gaussian of the training
// rows' mean and covariance.
type Comparison struct {
	NLL  float64 `json:"nll"`  // of the Gaussian, nats per row
	Gain float64 `json:"gain"` // by how much the flow's NLL is lower
	SE   float64 `json:"se"`   // standard error of Gain, row by row
}

// besideGaussian compares a flow that the user chose with the Gaussian. A conditional
// flow has no such Gaussian.
func (j *job) besideGaussian() error {
	if j.flow.Context > 0 {
		return nil
	}
	g, err := j.member(1, flow.Gaussian(j.flow.Features), j.whitener)
	if err != nil {
		return err
	}
	gaussian, err := g.Fast()
	if err != nil {
		return err
	}
	rows := j.data.mapped.Valid[:len(j.data.raw.Valid)]
	own, err := j.model.LogProb(rows)
	if err != nil {
		return err
	}
	simple, err := density.LogProb(gaussian, rows)
	if err != nil {
		return err
	}
	var gains, finite sums // of rows with a density under both; finite: the Gaussian's NLL
	for i, lp := range simple {
		if !math.IsInf(lp, -1) && !math.IsInf(own[i], -1) {
			w := weightOf(j.data.weights.valid, i)
			gains.add(lp-own[i], w)
			finite.add(lp+j.data.validLogDet[i], w)
		}
	}
	c := &Comparison{NLL: finite.mean}
	c.Gain, c.SE = gains.meanAndError()
	if gains.n < 2 || math.IsNaN(c.NLL) || math.IsInf(c.NLL, 0) {
		return nil // too few rows to compare
	}
	j.record.Gaussian = c
	j.because("a Gaussian of the rows' mean and covariance has an NLL of %.4f nats on the validation rows: the flow's is %.4f ± %.4f %s", c.NLL, math.Abs(c.Gain), c.SE, side(c.Gain))
	return nil
}

func side(gain float64) string {
	if gain < 0 {
		return "higher"
	}
	return "lower"
}

// because reports the reason of a choice and stores it in the record.
func (j *job) because(format string, args ...any) {
	reason := fmt.Sprintf(format, args...)
	j.record.Reasons = append(j.record.Reasons, reason)
	j.Note(table.Note{Says: reason})
}
