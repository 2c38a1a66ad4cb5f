package fit

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"

	"normflow/flowlib/base"
	"normflow/internal/names"
	"normflow/internal/numbers"
	"normflow/internal/safetensors"
)

// take returns a copy of all variables after count steps from first. If one is not
// finite, it restores store, the variables before the first step, and returns an error
// that says where the number arose.
func (t *trainer) take(first, count int, store []safetensors.Tensor) ([]safetensors.Tensor, error) {
	now, err := safetensors.FromStore(t.model.Store(), "/")
	if err != nil {
		return nil, fmt.Errorf("fit: after step %d: %w", first+count, err)
	}
	name := firstNotFinite(now)
	switch {
	case name == "":
		return now, nil
	case count == 0:
		return nil, fmt.Errorf("fit: %s is not finite before the first step", name)
	}
	return nil, t.explain(first, count, store)
}

// explain returns an error that says which of count steps from first, counted from 0,
// first produces a number that is not finite, and where in the flow. It restores the
// variables in store and repeats the steps one at a time, which gives the same numbers
// to the last bit as in a loop.
func (t *trainer) explain(first, count int, store []safetensors.Tensor) error {
	for step := first; step < first+count; step++ {
		if err := safetensors.ToStore(t.model.Store(), "/", store); err != nil {
			return fmt.Errorf("fit: replaying step %d: %w", step+1, err)
		}
		out, err := t.engine.steps(step, 1)
		if err != nil {
			return fmt.Errorf("fit: replaying step %d: %w", step+1, err)
		}
		after, err := safetensors.FromStore(t.model.Store(), "/")
		if err != nil {
			return fmt.Errorf("fit: replaying step %d: %w", step+1, err)
		}
		name := firstNotFinite(after)
		if out.bad < 0 && name == "" {
			store = after
			continue
		}
		if err := safetensors.ToStore(t.model.Store(), "/", store); err != nil {
			return fmt.Errorf("fit: replaying step %d: %w", step+1, err)
		}
		switch {
		case out.keptWeights:
			name = "the norm of the gradient"
		case out.bad >= 0:
			return t.explainNLL(step)
		}
		return t.explainUpdate(step, name)
	}
	return fmt.Errorf("fit: something was not finite after step %d of %d, yet not when the steps from %d were made again", first+count, t.cfg.Steps, first+1)
}

// explainNLL returns an error that says where the NLL of a step stops being finite
// though the weights are finite.
func (t *trainer) explainNLL(step int) error {
	numbers := t.batches.at(step)
	where, err := t.blameNLL(t.batch(step), func(i int) string { return fmt.Sprintf("training row %d", numbers[i]) })
	if err != nil {
		return fmt.Errorf("fit: the training NLL is not finite at step %d of %d: looking for the layer: %w", step+1, t.cfg.Steps, err)
	}
	if step == 0 {
		return fmt.Errorf("fit: the training NLL is not finite at step 1 of %d, before any update: %s: look at the initial weights and the range of the data", t.cfg.Steps, where)
	}
	return fmt.Errorf("fit: the training NLL is not finite at step %d of %d: %s: %s", step+1, t.cfg.Steps, where, t.advice())
}

// explainUpdate returns an error that says why a step of finite NLL leaves a variable
// that is not finite.
func (t *trainer) explainUpdate(step int, name string) error {
	where, err := t.blameGradient(t.batch(step))
	if err != nil {
		return fmt.Errorf("fit: %s is not finite after step %d of %d: looking for the layer: %w", name, step+1, t.cfg.Steps, err)
	}
	return fmt.Errorf("fit: %s is not finite after step %d of %d, whose NLL is: %s: %s", name, step+1, t.cfg.Steps, where, t.advice())
}

// explainValidation returns an error that says where the NLL of a point stops being
// finite.
func (t *trainer) explainValidation(p Point) error {
	where, err := t.blameNLL(t.valid, func(i int) string { return fmt.Sprintf("validation row %d", i) })
	if err != nil {
		where = "looking for the layer: " + err.Error()
	}
	return fmt.Errorf("fit: the validation NLL is %g after step %d of %d: %s: %s", p.Valid, p.Step, t.cfg.Steps, where, t.advice())
}

func (t *trainer) advice() string {
	if _, uniform := t.model.Flow().Base().(*base.Uniform); uniform {
		return "a uniform base has no density outside of its box: use a larger bound, or another base"
	}
	return fmt.Sprintf("try a smaller learning_rate (it is %g) or clip_norm (it is %g, 0 for none)", t.cfg.LearningRate, t.cfg.ClipNorm)
}

// firstNotFinite returns the name of a tensor that holds NaN or an infinity, preferably
// a weight, or "" if there is none.
func firstNotFinite(list []safetensors.Tensor) (name string) {
	for _, t := range list {
		if finiteTensor(t) {
			continue
		}
		if strings.HasPrefix(t.Name, names.FlowPrefix) {
			return t.Name
		}
		if name == "" {
			name = t.Name
		}
	}
	return name
}

func finiteTensor(t safetensors.Tensor) bool {
	switch t.DType {
	case "F32":
		for i := 0; i < len(t.Data); i += 4 {
			if !numbers.Finite(float64(math.Float32frombits(binary.LittleEndian.Uint32(t.Data[i:])))) {
				return false
			}
		}
	case "F64":
		for i := 0; i < len(t.Data); i += 8 {
			if !numbers.Finite(math.Float64frombits(binary.LittleEndian.Uint64(t.Data[i:]))) {
				return false
			}
		}
	}
	return true
}
