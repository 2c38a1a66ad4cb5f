package tabular

import (
	"normflow/flowlib/columns"
	"normflow/flowlib/flow"
	"normflow/flowlib/table"
)

// FitConfig says what to fit to which columns. The zero value leaves all choices to
// the program, but for the fractions of the split: start from DefaultFit.
type FitConfig struct {
	Read        table.Options // Header, Delimiter, Missing, Array
	Columns     []string      // features; none: all but those below
	ConditionOn []string      // columns of context: the density is p(features | context)
	Exclude     []string      // columns to leave out where Columns is empty
	// Kinds says what features are, by name; [columns.Choose] chooses for the others.
	Kinds map[string]columns.Kind

	Valid, Test float64 // shares of the rows
	Seed        int64   // of the split, the weights, the batches and the noise

	Model  string // a name of the zoo, see [flow.Named]; "" chooses
	Layers int    // 0 chooses
	Steps  int    // at most; 0 chooses
	Engine string // one of [Engines]

	// Resume goes on from the checkpoint of a fit that was interrupted, with the same
	// options and file, and ends with the model that it would have.
	Resume bool
	// Options are kept in the record as they are.
	Options map[string]string
}

// DefaultFit keeps a tenth of the rows for validation and another for the test.
func DefaultFit() FitConfig { return FitConfig{Valid: 0.1, Test: 0.1, Engine: "auto"} }

// check refuses options that say nothing sensible.
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
