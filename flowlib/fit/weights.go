package fit

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"normflow/flowlib/dataset"
)

// weighted returns the rows with a weight above 0, and their weights scaled to a mean of 1,
// or nil if all are equal.
func weighted(rows [][]float64, weights []float64, what string) ([][]float64, []float64, error) {
	if weights == nil {
		return rows, nil, nil
	}
	if err := dataset.CheckWeights(weights, len(rows)); err != nil {
		return nil, nil, fmt.Errorf("fit: %s data: %w", what, err)
	}
	var kept [][]float64
	var of []float64
	for i, w := range weights {
		if w > 0 {
			kept, of = append(kept, rows[i]), append(of, w)
		}
	}
	largest, sum := slices.Max(of), 0.0
	for i := range of {
		of[i] /= largest // so that small weights do not vanish
		sum += of[i]
	}
	alike := true
	for i := range of {
		of[i] *= float64(len(of)) / sum
		alike = alike && of[i] == of[0]
	}
	if alike {
		of = nil
	}
	return kept, of, nil
}

// apply removes rows of weight 0 from the data, and their weights from the config.
func (c *Config) apply(train, valid [][]float64) (_, _ [][]float64, err error) {
	if train, c.Weights, err = weighted(train, c.Weights, "training"); err != nil {
		return nil, nil, err
	}
	valid, c.ValidWeights, err = weighted(valid, c.ValidWeights, "validation")
	return train, valid, err
}

// weightOf returns the sum of the mean weights of the batches of count steps from first.
func (t *trainer) weightOf(first, count int) float64 {
	if t.cfg.Weights == nil {
		return float64(count)
	}
	sum := 0.0
	for step := first; step < first+count; step++ {
		for _, row := range t.batches.at(step) {
			sum += t.cfg.Weights[row] / float64(t.cfg.BatchSize)
		}
	}
	return sum
}

// columns returns the number of columns of the rows on the device: weights are the last one.
func (t *trainer) columns() int {
	if t.cfg.Weights == nil {
		return t.model.Columns()
	}
	return t.model.Columns() + 1
}

// onDevice returns the training rows, standardized, [n, columns].
func (t *trainer) onDevice() *tensors.Tensor {
	if t.cfg.Weights == nil {
		return t.model.Tensor(t.train)
	}
	rows, units := make([][]float64, len(t.train)), t.model.Units()
	for i, row := range t.train {
		rows[i] = make([]float64, len(row)+1)
		units.Apply(rows[i][:len(row)], row)
		rows[i][len(row)] = t.cfg.Weights[i]
	}
	return tensors.MustFromAnyValue(shapes.CastAsDType(rows, t.model.DType()))
}

// part splits a batch of rows on the device, [B, columns], into rows of the model and
// weights, [B], or nil.
func (t *trainer) part(batch *Node) (rows, weights *Node) {
	if t.cfg.Weights == nil {
		return batch, nil
	}
	d := t.model.Columns()
	return Slice(batch, AxisRange(), AxisRange(0, d)), Reshape(Slice(batch, AxisRange(), AxisElem(d)), -1)
}
