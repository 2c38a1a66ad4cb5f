package tabular

import "normflow/flowlib/recipe"

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
