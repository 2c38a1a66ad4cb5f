package tabular

import (
	"fmt"
	"slices"

	"normflow/flowlib/density"
	"normflow/flowlib/table"
)

// noteZeros warns of validation rows that had density 0 during training; judge reports
// those that still have it at the end.
func (j *job) noteZeros() {
	points, most := 0, 0
	for _, p := range j.record.Result.Curve {
		if most = max(most, p.Zero); p.Zero > 0 {
			points++
		}
	}
	if points > 0 && j.record.Result.BestZero == 0 {
		j.warn(table.NoteOf("while training, up to %d of the %d validation rows had density 0 (log_prob -Inf), at %d of %d points of the curve, which is that of the others; by the weights that were kept all have one", most, len(j.data.mapped.Valid), points, len(j.record.Result.Curve)))
	}
}

// judge measures the NLLs and keeps scores for calibration.
func (j *job) judge() error {
	m := &Model{Saved: j.saved, model: j.model}
	if err := m.start("auto"); err != nil { // the default engine for scoring
		return err
	}
	nll := func(part string, rows [][]float64, weights []float64) (NLL, error) {
		logProb, err := density.LogProb(m, rows)
		if err != nil {
			return NLL{}, err
		}
		n, err := newNLL(logProb, weights, len(j.data.features))
		if err != nil {
			return n, fmt.Errorf("the %s rows: %w", part, err)
		}
		if n.Zero > 0 {
			j.warn(table.NoteOf("%d of the %d %s rows have density 0 (log_prob -Inf), which makes the NLL of all infinite: that of the others is %.4f ± %.4f nats", n.Zero, len(rows), part, n.Mean, n.SE))
		}
		return n, nil
	}
	d := j.data // only the first copy of each row: more would make the standard error too small
	var err error
	fitted, weights := d.noisy.Train[:len(d.raw.Train)], d.weights.train
	if j.record.Folds > 0 {
		weights = joined(weights, d.weights.valid)
		fitted = slices.Concat(fitted, d.noisy.Valid[:len(d.raw.Valid)])
	}
	if j.record.Train, err = nll("training", fitted, weights); err != nil {
		return err
	}
	if j.record.Folds == 0 { // otherwise measured in cross-validation
		if j.record.Valid, err = nll("validation", d.noisy.Valid[:len(d.raw.Valid)], d.weights.valid); err != nil {
			return err
		}
	}
	part, heldOut := "valid", proportional(d.raw.Valid, d.weights.valid)
	if len(d.raw.Test) > 0 {
		test, err := nll("test", d.noisy.Test, d.weights.test)
		if err != nil {
			return err
		}
		j.record.Test = &test
		part, heldOut = "test", proportional(d.raw.Test, d.weights.test)
	}
	heldOut = heldOut[:min(len(heldOut), maxCalibration)] // they are shuffled
	scores, err := density.LogProb(m, heldOut)
	if err != nil {
		return err
	}
	train := proportional(d.raw.Train, d.weights.train)
	j.record.Spreads = m.spreads(proportional(d.noisy.Train[:len(d.raw.Train)], d.weights.train), d.features)
	var balanced []float64
	if j.record.Spreads != nil {
		m.Record = &j.record
		x, err := density.Matrix(heldOut)
		if err != nil {
			return err
		}
		balanced = slices.Clone(scores)
		Balanced{m}.fromLogProb(balanced, x)
	}
	j.record.Calibration = calibrate(part, scores, balanced)
	j.record.Typical = typicalOf(train, len(d.features))
	j.record.Quartiles = quartiles(train)
	all := slices.Concat(d.raw.Train, d.raw.Valid, d.raw.Test)
	j.record.Sketch = sketch(all)
	if len(d.context) > 0 {
		j.record.ContextValues = fewValues(all, len(d.features))
	}
	return nil
}
