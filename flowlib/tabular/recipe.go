package tabular

import (
	"fmt"
	"slices"

	"normflow/flowlib/fit"
	"normflow/flowlib/flow"
	"normflow/flowlib/table"
	"normflow/internal/show"
)

// ask is what is known before a fit.
type ask struct {
	summary  table.Summary // of D features, then C columns of context
	features int           // D
	rows     int           // for training, at least 2

	model  string // a name of the zoo, see [flow.Named]; "" leaves the choice open
	layers int    // coupling layers; 0 leaves the choice open
	alone  bool   // the context, if any, is categories
	steps  int    // training steps at most; 0 leaves the choice open
}

// recipe says how to fit a flow to a table: the flow, its sizes, the training, and the
// noise for features on a grid, each with its reason. Choices depend on the number of
// rows and columns and on the values as [table.Summary] describes them, never on the
// purpose of the model.
//
// The caller measures the scalers, on the training rows.
type recipe struct {
	Flow flow.Config
	Fit  fit.Config

	// Noise is the width of the uniform noise for each column, [D+C], in its units: 0 for
	// none, as for all context; nil if no column gets noise. The density is then that of
	// the dequantized table, see [table.Dequantize]; rows are scored as they are, at the
	// centers of their cells.
	Noise []float64
	// Copies is how many times training sees each row, each time with different noise; 1
	// without noise.
	Copies int

	Reasons []string // of the choices, one per line
}

// choose settles what the user has left open.
func (j *job) choose() (*recipe, error) {
	d := j.data
	numbers, summary := d.numbers(), d.summary
	features := len(numbers)
	if features == 0 {
		return nil, fmt.Errorf("%s: only categories are left (%s): a density needs a column of numbers that differ", show.Path(d.name), list(d.features))
	}
	if features < len(d.features) { // the rest are context, by their levels
		summary.Columns = pick(d.summary.Columns, numbers)
		for _, k := range d.categories() {
			for range d.levels[d.features[k]] {
				summary.Columns = append(summary.Columns, d.summary.Columns[k])
			}
		}
	}
	r, err := newRecipe(ask{
		summary: summary, features: features, rows: j.trainingRows(), alone: len(d.context) == 0,
		model: j.Model, layers: j.Layers, steps: j.Steps,
	})
	if err != nil {
		return nil, err
	}
	if r.Noise != nil && features < len(d.features) {
		noise := make([]float64, len(d.features))
		for i, k := range numbers {
			noise[k] = r.Noise[i]
		}
		r.Noise = noise
	}
	if j.Devices > 1 {
		r.Fit.Devices = j.Devices
	}
	if j.Engine == "fast" || j.Engine == "auto" {
		r.Fit.Engine = fit.EngineFast
	}
	return r, nil
}

// newRecipe makes the choices. It returns an error for a model that the zoo lacks, for
// impossible sizes, and if the summary has fewer columns than features.
func newRecipe(a ask) (*recipe, error) {
	context := len(a.summary.Columns) - a.features
	if a.features < 1 || context < 0 || a.rows < 2 {
		return nil, fmt.Errorf("%d features of %d columns and %d rows for training, expected at least 1 feature and 2 rows", a.features, len(a.summary.Columns), a.rows)
	}
	r := &recipe{Copies: 1}
	if err := r.chooseFlow(a, context); err != nil {
		return nil, err
	}
	r.chooseFit(a)
	r.chooseNoise(a)
	if _, err := r.Flow.Build(); err != nil {
		return nil, err
	}
	return r, r.Fit.Check()
}

func (r *recipe) because(format string, args ...any) {
	r.Reasons = append(r.Reasons, fmt.Sprintf(format, args...))
}

// dequantize returns noisy copies of rows, [n·copies, D+C], or rows itself if the recipe
// has no noise. The same seed gives the same noise.
func (r *recipe) dequantize(rows [][]float64, copies int, seed int64) [][]float64 {
	if r.Noise == nil {
		return rows
	}
	noisy := make([][]float64, 0, copies*len(rows))
	for range copies {
		for _, row := range rows {
			noisy = append(noisy, slices.Clone(row))
		}
	}
	table.Dequantize(noisy, r.Noise, seed)
	return noisy
}
