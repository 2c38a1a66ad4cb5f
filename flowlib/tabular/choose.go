package tabular

import (
	"normflow/flowlib/fit"
	"normflow/flowlib/recipe"
)

// choose settles what the user has left open.
func (j *job) choose() (*recipe.Recipe, error) {
	d := j.data
	r, err := recipe.New(recipe.Ask{
		Summary: d.summary, Features: len(d.features), Rows: len(d.raw.Train),
		Model: j.Model, Layers: j.Layers, Steps: j.Steps,
	})
	if err != nil {
		return nil, err
	}
	if j.Engine == "fast" || j.Engine == "auto" {
		r.Fit.Engine = fit.EngineFast
	}
	return r, nil
}
