// Package recipe chooses how to fit a flow to somebody's table: the flow, its
// sizes, the training, and the noise for features on a grid, each with its reason.
//
// A choice depends on how many rows and columns there are and on what
// [table.Summary] says of the values, never on what the model is for.
package recipe

import (
	"fmt"
	"slices"

	"normflow/flowlib/fit"
	"normflow/flowlib/flow"
	"normflow/flowlib/table"
)

// Ask is what is known before a fit.
type Ask struct {
	Summary  table.Summary // of D features, then C columns of context
	Features int           // D
	Rows     int           // for training, at least 2

	Model  string // a name of the zoo, see [flow.Named]; "" chooses
	Layers int    // coupling layers; 0 chooses
	Steps  int    // of training at most; 0 chooses
}

// Recipe is what to fit and how. It is plain data, to be saved beside a model.
// Scalers are for the caller to measure, on the rows that training sees.
type Recipe struct {
	Flow flow.Config `json:"flow"`
	Fit  fit.Config  `json:"fit"`

	// Noise is the width of the uniform noise around the values of each column,
	// [D+C], in its units; 0 for none, as for all context, nil if no column needs any. With it the
	// density is that of the dequantised table, see [table.Dequantise]: rows are
	// scored as they are, in the middle of their cells.
	Noise []float64 `json:"noise,omitempty"`
	// Copies is how many times training sees each row, each time with noise of
	// its own: 1 where there is none.
	Copies int `json:"copies"`

	Reasons []string `json:"reasons"` // of the choices, a line each
}

// New chooses. It returns an error for a model that the zoo does not have, for
// sizes that are impossible, and unless the summary is of Features columns or more.
func New(a Ask) (*Recipe, error) {
	context := len(a.Summary.Columns) - a.Features
	if a.Features < 1 || context < 0 || a.Rows < 2 {
		return nil, fmt.Errorf("recipe: %d features of %d columns and %d rows for training, expected at least 1 feature and 2 rows", a.Features, len(a.Summary.Columns), a.Rows)
	}
	r := &Recipe{Copies: 1}
	if err := r.chooseFlow(a, context); err != nil {
		return nil, fmt.Errorf("recipe: %w", err)
	}
	r.chooseFit(a)
	r.chooseNoise(a)
	if _, err := r.Flow.Build(); err != nil {
		return nil, fmt.Errorf("recipe: %w", err)
	}
	return r, r.Fit.Check()
}

func (r *Recipe) because(format string, args ...any) {
	r.Reasons = append(r.Reasons, fmt.Sprintf(format, args...))
}

// Dequantise returns copies of rows, [n·copies, D+C], with the noise of the recipe;
// rows themselves, once, where it has none. The same seed gives the same noise.
func (r *Recipe) Dequantise(rows [][]float64, copies int, seed int64) [][]float64 {
	if r.Noise == nil {
		return rows
	}
	noisy := make([][]float64, 0, copies*len(rows))
	for range copies {
		for _, row := range rows {
			noisy = append(noisy, slices.Clone(row))
		}
	}
	table.Dequantise(noisy, r.Noise, seed)
	return noisy
}
