package tabular

import (
	"fmt"

	"normflow/flowlib/fit"
	"normflow/flowlib/recipe"
)

// choose settles what the user has left open.
func (j *job) choose() (*recipe.Recipe, error) {
	name := j.Model
	if name == "" && j.Engine == "fast" {
		name = "realnvp"
	}
	d := j.data
	r, err := recipe.New(recipe.Ask{
		Summary: d.summary, Features: len(d.features), Rows: len(d.raw.Train),
		Model: name, Layers: j.Layers, Steps: j.Steps,
	})
	if err != nil {
		return nil, err
	}
	return r, j.chooseEngine(r)
}

// chooseEngine takes package fast where it may and can.
func (j *job) chooseEngine(r *recipe.Recipe) error {
	cannot := r.Flow.CheckByHand()
	if cannot == nil && (r.Fit.EMADecay > 0 || r.Fit.WeightDecay > 0) {
		cannot = fmt.Errorf("the engine fast has neither averages of weights nor weight decay")
	}
	switch {
	case j.Engine == "fast" && cannot != nil:
		return fmt.Errorf("--engine fast: %w", cannot)
	case j.Engine == "fast" || j.Engine == "auto" && cannot == nil:
		r.Fit.Engine = fit.EngineFast
	}
	return nil
}
