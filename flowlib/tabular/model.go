package tabular

import (
	"fmt"
	"slices"
	"strconv"

	"gonum.org/v1/gonum/mat"

	"normflow/flowlib/flow"
	"normflow/internal/show"
)

// Model is a fitted model that is ready to score and draw rows. Its methods must not be
// called from several goroutines at once.
type Model struct {
	Dir      string
	Saved    *flow.Mixture
	Record   *Record  // nil if Fit has not made the model
	Features []string // names of the columns, [D]
	Context  []string // [C]
	Engine   string   // fast, or the name of a backend

	unnamed bool // nothing names the columns
	engine  flow.Engine
	model   *flow.Model // nil until something needs it, see graph
}

// Open reads a model from a folder. The engine auto is package fast, in float32, if it
// can run the model, else XLA if its plugin is installed, else pure Go.
func Open(dir, engine string) (*Model, error) {
	if err := checkEngine(engine); err != nil {
		return nil, err
	}
	saved, err := flow.ReadMixture(dir)
	if err != nil {
		return nil, err
	}
	m, err := newModel(dir, saved)
	if err != nil {
		return nil, fmt.Errorf("loading %s: %w", show.Path(dir), err)
	}
	return m, m.start(engine)
}

// newModel returns a model that has no engine yet.
func newModel(dir string, saved *flow.Mixture) (*Model, error) {
	m := &Model{Dir: dir, Saved: saved}
	var err error
	if m.Record, err = parseRecord(saved.Training, saved.Features(), saved.Context()); err != nil {
		return nil, err
	}
	if err := m.name(); err != nil {
		return nil, err
	}
	return m, m.checkSpreads()
}

// name takes the names of the columns from the record of the fit or of the import, or
// numbers them.
func (m *Model) name() error {
	if m.Record != nil {
		m.Features, m.Context = m.Record.Features, m.Record.Context
		return nil
	}
	names, err := importedColumns(m.Saved)
	if err != nil {
		return err
	}
	d := m.Saved.Features()
	if names == nil {
		m.unnamed = true
		for i := range d + m.Saved.Context() {
			names = append(names, "c"+strconv.Itoa(i+1))
		}
	}
	m.Features, m.Context = names[:d], names[d:]
	return nil
}

// Columns returns the columns of a file for the model: the features, then those of the
// context, where a column of texts is one, and a column of Context for each of its levels.
func (m *Model) Columns() []string {
	return slices.Concat(m.Features, m.contextColumns())
}

// LogProbTo implements [density.Scorer]: rows are [n, D+C].
func (m *Model) LogProbTo(dst []float64, x *mat.Dense) error { return m.engine.LogProbTo(dst, x) }
