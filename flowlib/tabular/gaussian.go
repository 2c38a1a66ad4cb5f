package tabular

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat"

	"normflow/flowlib/flow"
	"normflow/flowlib/table"
)

// Comparison is that of a flow with the Gaussian of the training rows' mean and
// covariance, on the validation rows.
type Comparison struct {
	NLL  float64 `json:"nll"`  // of the Gaussian, nats per row
	Gain float64 `json:"gain"` // by which the flow's NLL is lower
	SE   float64 `json:"se"`   // standard error of Gain, row by row
	Kept bool    `json:"kept"` // the Gaussian is the model: the flow was not clearly better
}

// leastGain is by how many standard errors a flow has to beat the Gaussian: few rows
// cannot show more than a mean and a covariance, and what they seem to show beyond
// is noise that fresh rows do not have.
const leastGain = 2

// beatGaussian keeps the Gaussian in place of the flow, if the flow was chosen by the
// program and is not clearly better on the validation rows. There is no such Gaussian
// given a context.
func (j *job) beatGaussian() error {
	if j.flow.Context > 0 || j.model.NumParameters() == 0 {
		return nil
	}
	cfg := flow.Gaussian(j.flow.Features)
	cfg.Scaler, cfg.Seed = j.whitener, j.flow.Seed
	gaussian, err := cfg.NewModel(j.model.Backend())
	if err != nil {
		return err
	}
	rows := j.data.noisy.Valid[:len(j.data.raw.Valid)]
	own, err := j.model.LogProb(rows)
	if err != nil {
		return err
	}
	simple, err := gaussian.LogProb(rows)
	if err != nil {
		return err
	}
	gains := make([]float64, len(rows))
	for i := range gains {
		gains[i] = own[i] - simple[i]
	}
	mean, std := stat.MeanStdDev(gains, nil)
	c := &Comparison{NLL: -stat.Mean(simple, nil), Gain: mean, SE: std / math.Sqrt(float64(len(rows)))}
	if math.IsInf(c.NLL, 0) || math.IsNaN(c.Gain+c.SE) || math.IsInf(c.Gain+c.SE, 0) {
		return nil // rows so far out that a Gaussian has no density there
	}
	j.record.Gaussian = c
	c.Kept = j.Model == "" && j.Layers == 0 && !(c.Gain > leastGain*c.SE)
	if c.Kept {
		j.model, j.flow = gaussian, cfg
		j.because("kept a Gaussian of the rows' mean and covariance: on the validation rows the flow's NLL is %.4f ± %.4f nats %s, which is not clearly better (a model that is named is always kept)", math.Abs(c.Gain), c.SE, side(c.Gain))
	} else {
		j.because("a Gaussian of the rows' mean and covariance has an NLL of %.4f nats on the validation rows: the flow's is %.4f ± %.4f %s", c.NLL, math.Abs(c.Gain), c.SE, side(c.Gain))
	}
	return nil
}

func side(gain float64) string {
	if gain < 0 {
		return "higher"
	}
	return "lower"
}

// because notes the reason of a choice, and keeps it in the record.
func (j *job) because(format string, args ...any) {
	reason := fmt.Sprintf(format, args...)
	j.record.Reasons = append(j.record.Reasons, reason)
	j.Note(table.Note{Says: reason})
}
