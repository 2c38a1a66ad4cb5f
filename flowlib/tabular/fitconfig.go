package tabular

import (
	"math"
	"slices"

	"normflow/flowlib/columns"
	"normflow/flowlib/dataset"
	"normflow/flowlib/flow"
	"normflow/flowlib/table"
	"normflow/internal/show"
)

// FitConfig says what to fit to which columns. Zero values leave the choice to the
// program, except for the shares of the split: start from DefaultFit.
type FitConfig struct {
	Read        table.Options // Header, Delimiter, Missing, Array; MissingKeep makes missing values part of the density
	Columns     []string      // features; if empty, all except those below
	ConditionOn []string      // context: the density is p(features | context)
	Exclude     []string      // columns to leave out if Columns is empty
	Weights     string        // column of the rows' weights, not part of the density; if "", all rows count the same
	// Kinds says what features are, by name; [columns.Choose] chooses for the others. A column of
	// ConditionOn may be a category: each of its numbers is then a level, as texts are.
	Kinds map[string]columns.Kind

	Valid, Test float64 // shares of the rows
	Seed        int64   // of the split, the weights, the batches and the noise
	// SplitSeed, if not nil, replaces Seed for the split and the noise: fits of different
	// seeds are then judged on the same rows.
	SplitSeed *int64
	// Fold of Folds, counted from 0, gives the test rows, in place of the share Test.
	// Folds 0: no folds.
	Fold, Folds int

	Model  string // a name of the zoo, see [flow.Named]; "" leaves the choice to the program
	Layers int    // 0 leaves the choice to the program
	// LearningRate is the peak rate of Adam; 0 chooses.
	LearningRate float64
	Steps        int    // at most; 0 leaves the choice to the program
	Engine       string // one of [Engines]
	// Devices share each batch, where XLA trains: 0 and 1 are one, more need an Engine that
	// is XLA.
	Devices int

	// Stream is for tables that do not fit into memory: the fit holds a sample of the rows,
	// by which it chooses and judges, and trains a flow that is named on all training rows,
	// reading the file over and over. Whether a row is for training depends on its line.
	Stream bool

	// Resume continues an interrupted fit from its checkpoint, with the same options and
	// file, and ends with the model that the uninterrupted fit would have made.
	Resume bool
	// Options are stored in the record.
	Options map[string]string
}

// DefaultFit returns a configuration that keeps a tenth of the rows for validation and a
// tenth for the test.
func DefaultFit() FitConfig { return FitConfig{Valid: 0.1, Test: 0.1, Engine: "auto"} }

// splitSeed returns the seed of the split and the noise.
func (c FitConfig) splitSeed() int64 {
	if c.SplitSeed != nil {
		return *c.SplitSeed
	}
	return c.Seed
}

// split splits rows, by their places alone.
func (c FitConfig) split(rows [][]float64) (dataset.Splits, error) {
	if c.Folds > 0 {
		return dataset.SplitFold(rows, c.splitSeed(), c.Valid, c.Fold, c.Folds)
	}
	return dataset.Split(rows, c.splitSeed(), c.Valid, c.Test)
}

// Check returns an error for options that make no sense.
func (c FitConfig) Check() error {
	if err := checkEngine(c.Engine); err != nil {
		return err
	}
	if err := c.checkDevices(); err != nil {
		return err
	}
	switch {
	case c.Valid == 0:
		return wrong(OptionValid, "expected more than 0: without validation rows there is no early stopping")
	case !(c.Valid > 0 && c.Valid < 1):
		return wrong(OptionValid, "expected a share of the rows between 0 and 1 for validation, found %g", c.Valid)
	case !(c.Test >= 0 && c.Test < 1):
		return wrong(OptionTest, "expected a share of the rows from 0 to less than 1 for the test, found %g", c.Test)
	case c.Folds != 0 && (c.Folds < 2 || c.Fold < 0 || c.Fold >= c.Folds):
		return wrong(OptionFold, "expected a fold from 0 on of at least 2, found fold %d of %d", c.Fold, c.Folds)
	case !(c.Valid+c.Test < 1):
		return wrong(OptionValid, "shares of %g for validation and %g for the test leave no rows to train on", c.Valid, c.Test)
	}
	if len(c.Exclude) > 0 && len(c.Columns) > 0 {
		e := wrong(table.OptionExclude, "of columns that are named, only those are read")
		e.Remedies = []table.Remedy{{Do: "take " + list(c.Exclude) + " out there", Option: table.OptionColumns}}
		return e
	}
	for _, name := range c.ConditionOn {
		if slices.Contains(c.Exclude, name) {
			return wrong(table.OptionExclude, "%s is to be conditioned on and left out: expected one of the two", show.Quoted(name))
		}
	}
	if c.Model == "gaussian" && len(c.ConditionOn) > 0 {
		return wrong(OptionModel, "a Gaussian does not depend on a condition (%s): expected a flow, such as nsf, or none to have one chosen", list(c.ConditionOn))
	}
	if c.Weights != "" && slices.Contains(slices.Concat(c.Columns, c.ConditionOn, c.Exclude), c.Weights) {
		return wrong(OptionWeights, "column %s is named for something else too: the weights must be a column of their own", show.Quoted(c.Weights))
	}
	for name, kind := range c.Kinds {
		if kind == columns.Category && len(c.ConditionOn) > 0 && !slices.Contains(c.ConditionOn, name) {
			return wrong(OptionColumn, "%s: where columns are conditioned on only these may be categories: leave it out, or condition on it", show.Name(name+":"+string(kind)))
		}
	}
	if err := c.checkMissing(); err != nil {
		return err
	}
	if c.Layers < 0 || c.Layers > flow.MaxLayers {
		return wrong(OptionLayers, "expected 1 to %d layers, found %d", flow.MaxLayers, c.Layers)
	}
	if !(c.LearningRate >= 0) || math.IsInf(c.LearningRate, 0) {
		return wrong(OptionLearningRate, "expected a positive rate, found %g", c.LearningRate)
	}
	if c.Steps < 0 {
		return wrong(OptionSteps, "expected at least 1 step, found %d", c.Steps)
	}
	if c.Model != "" {
		if _, err := flow.Named(c.Model, 2); err != nil {
			return &table.Error{Option: OptionModel, Problem: err.Error(), Err: err}
		}
	}
	return nil
}
