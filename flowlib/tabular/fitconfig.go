package tabular

import (
	"slices"

	"normflow/flowlib/columns"
	"normflow/flowlib/flow"
	"normflow/flowlib/table"
	"normflow/internal/show"
)

// FitConfig says what to fit to which columns. Zero values leave the choice to the
// program, except for the shares of the split: start from DefaultFit.
type FitConfig struct {
	Read        table.Options // Header, Delimiter, Missing, Array
	Columns     []string      // features; if empty, all except those below
	ConditionOn []string      // context: the density is p(features | context)
	Exclude     []string      // columns to leave out if Columns is empty
	Weights     string        // column of the rows' weights, not part of the density; if "", all rows count the same
	// Kinds says what features are, by name; [columns.Choose] chooses for the others.
	Kinds map[string]columns.Kind

	Valid, Test float64 // shares of the rows
	Seed        int64   // of the split, the weights, the batches and the noise

	Model  string // a name of the zoo, see [flow.Named]; "" leaves the choice to the program
	Layers int    // 0 leaves the choice to the program
	Steps  int    // at most; 0 leaves the choice to the program
	Engine string // one of [Engines]

	// Resume continues an interrupted fit from its checkpoint, with the same options and
	// file, and ends with the model that the uninterrupted fit would have made.
	Resume bool
	// Options are stored in the record.
	Options map[string]string
}

// DefaultFit returns a configuration that keeps a tenth of the rows for validation and a
// tenth for the test.
func DefaultFit() FitConfig { return FitConfig{Valid: 0.1, Test: 0.1, Engine: "auto"} }

// check returns an error for options that make no sense.
func (c FitConfig) check() error {
	if err := checkEngine(c.Engine); err != nil {
		return err
	}
	switch {
	case c.Valid == 0:
		return wrong(OptionValid, "expected more than 0: without validation rows there is no early stopping")
	case !(c.Valid > 0 && c.Valid < 1):
		return wrong(OptionValid, "expected a share of the rows between 0 and 1 for validation, found %g", c.Valid)
	case !(c.Test >= 0 && c.Test < 1):
		return wrong(OptionTest, "expected a share of the rows from 0 to less than 1 for the test, found %g", c.Test)
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
	if c.Layers < 0 || c.Layers > flow.MaxLayers {
		return wrong(OptionLayers, "expected 1 to %d layers, found %d", flow.MaxLayers, c.Layers)
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
