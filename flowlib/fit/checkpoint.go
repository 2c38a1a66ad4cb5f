package fit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"normflow/flowlib/flow"
	"normflow/internal/safetensors"
	"normflow/internal/show"
	"normflow/internal/whole"
)

// ErrCheckpoint is wrapped by the errors of a checkpoint that cannot be resumed or
// written.
var ErrCheckpoint = errors.New("fit: the checkpoint")

type checkpointError struct{ error }

func (e checkpointError) Unwrap() error        { return e.error }
func (e checkpointError) Is(target error) bool { return target == ErrCheckpoint }

// checkpoint is the content of a checkpoint file, checked as far as possible without
// the run.
type checkpoint struct {
	run    string // identity of the run
	result Result
	store  []safetensors.Tensor
	best   []flow.Weight
}

// parseCheckpoint returns an error if the curve is impossible or a number is not
// finite.
func parseCheckpoint(f safetensors.File) (c checkpoint, err error) {
	if f.Metadata["format"] != checkpointID {
		return c, fmt.Errorf("its format is %s, this version reads and writes %q", show.Quoted(f.Metadata["format"]), checkpointID)
	}
	c.run = f.Metadata["run"]
	if err := json.Unmarshal([]byte(f.Metadata["result"]), &c.result); err != nil {
		return c, fmt.Errorf("its curve: %w", err)
	}
	if len(c.result.Curve) == 0 {
		return c, errors.New("its curve is empty")
	}
	step := 0
	for i, p := range c.result.Curve {
		if p.Step <= step {
			return c, fmt.Errorf("its curve has step %d at place %d, after step %d", p.Step, i, step)
		}
		step = p.Step
	}
	isBest := func(p Point) bool {
		return p.Step == c.result.BestStep && p.Valid == c.result.BestValid && p.Zero == c.result.BestZero
	}
	if !slices.ContainsFunc(c.result.Curve, isBest) {
		return c, fmt.Errorf("its best step is %d with %g, which its curve has not", c.result.BestStep, c.result.BestValid)
	}
	for _, t := range f.Tensors {
		if t.DType != "F32" && t.DType != "F64" {
			c.store = append(c.store, t)
			continue
		}
		values, err := t.Float64s()
		if err != nil {
			return c, err
		}
		for _, v := range values {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return c, fmt.Errorf("its variable %s holds %g", show.Name(t.Name), v)
			}
		}
		if path, best := strings.CutPrefix(t.Name, bestPrefix); best {
			c.best = append(c.best, flow.Weight{Path: path, Shape: t.Shape, Values: values})
		} else {
			c.store = append(c.store, t)
		}
	}
	return c, nil
}

// fits returns an error if the curve goes beyond the run, or if the best weights do not
// belong to its model.
func (c checkpoint) fits(t *trainer) error {
	if last := c.result.Curve[len(c.result.Curve)-1].Step; last > t.cfg.Steps {
		return fmt.Errorf("it is at step %d of a run of %d", last, t.cfg.Steps)
	}
	shapes := map[string][]int{}
	for _, w := range c.best {
		shapes[w.Path] = w.Shape
	}
	variables, err := t.model.Variables()
	if err != nil {
		return err
	}
	for _, v := range variables {
		if shape, ok := shapes[v.Path]; !ok || !slices.Equal(shape, v.Shape) {
			return fmt.Errorf("its best weights have %s with shape %v, expected %v", v.Path, shape, v.Shape)
		}
	}
	if len(c.best) != len(variables) {
		return fmt.Errorf("its best weights are %d variables, expected %d", len(c.best), len(variables))
	}
	return nil
}

// IsCheckpoint reports whether the file begins like a checkpoint; it may be truncated.
func IsCheckpoint(path string) bool {
	f, _, err := whole.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	head, err := io.ReadAll(io.LimitReader(f, 16<<20)) // its metadata stand among the names of its tensors
	return err == nil && bytes.Contains(head, []byte(checkpointID[:len(checkpointID)-1]))
}
