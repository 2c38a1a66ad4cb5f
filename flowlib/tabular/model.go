package tabular

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/gomlx/compute/dtypes"

	"normflow/flowlib/backend"
	"normflow/flowlib/fast"
	"normflow/flowlib/flow"
	"normflow/internal/show"
)

// Model is a fitted flow that is ready to score and draw rows. Its methods may not
// be called from several goroutines at once.
type Model struct {
	Dir      string
	Saved    *flow.Saved
	Record   *Record  // nil of a model that Fit has not made
	Features []string // names of its columns, [D]
	Context  []string // [C]
	Engine   string   // fast, or the name of a backend

	engine *fast.Engine // one of the two
	model  *flow.Model
	single []float32
}

// Engines names what a model can be fitted and run by.
var Engines = []string{"auto", "fast", "xla", "xla:cpu", "xla:cuda", "go"}

func checkEngine(name string) error {
	if !slices.Contains(Engines, name) {
		return fmt.Errorf("--engine: there is no engine %q; there are: %s", name, list(Engines))
	}
	return nil
}

// Open reads a model from a folder. The engine auto takes package fast, in float32,
// where the model is one that it has, else XLA where its plugin is there, else pure Go.
func Open(dir, engine string) (*Model, error) {
	if err := checkEngine(engine); err != nil {
		return nil, err
	}
	saved, err := flow.Read(dir)
	if err != nil {
		return nil, err
	}
	m, err := newModel(dir, saved)
	if err != nil {
		return nil, fmt.Errorf("loading %s: %w", show.Name(dir), err)
	}
	return m, m.start(engine)
}

// newModel is a model without an engine yet.
func newModel(dir string, saved *flow.Saved) (*Model, error) {
	m := &Model{Dir: dir, Saved: saved}
	var err error
	if m.Record, err = parseRecord(saved.Training, saved.Features(), saved.Context()); err != nil {
		return nil, err
	}
	m.name()
	return m, nil
}

// name takes the columns' names from the record, or numbers them.
func (m *Model) name() {
	if m.Record != nil {
		m.Features, m.Context = m.Record.Features, m.Record.Context
		return
	}
	for i := range m.Saved.Columns() {
		m.Features = append(m.Features, "c"+strconv.Itoa(i+1))
	}
	d := m.Saved.Features()
	m.Features, m.Context = m.Features[:d], m.Features[d:]
}

// Columns are the features, then the context.
func (m *Model) Columns() []string {
	return append(m.Features[:len(m.Features):len(m.Features)], m.Context...)
}

// start chooses the engine.
func (m *Model) start(engine string) error {
	cannot := m.Saved.CheckByHand()
	if cannot == nil && m.Saved.DType() != dtypes.Float32 {
		cannot = fmt.Errorf("the model is in %s, the engine in Float32", m.Saved.DType())
	}
	if engine == "fast" && cannot != nil {
		return fmt.Errorf("--engine fast: %w", cannot)
	}
	if engine == "fast" || engine == "auto" && cannot == nil {
		var err error
		m.Engine = "fast"
		m.engine, err = m.Saved.Fast()
		return err
	}
	var err error
	m.model, err = m.graph(engine)
	if err == nil {
		m.Engine = backend.Name(m.model.Backend())
	}
	return err
}

// graph returns the model on its backend, or on that of the engine: for fast the
// pure-Go one, which starts at once.
func (m *Model) graph(engine string) (*flow.Model, error) {
	if m.model != nil {
		return m.model, nil
	}
	switch engine {
	case "auto":
		engine = ""
	case "fast":
		engine = "go"
	}
	b, err := backend.Open(engine)
	if err != nil {
		return nil, err
	}
	return m.Saved.Model(b)
}

// LogProb sets logProb, [n], to the log-density of rows of values, [n, D+C] row by
// row, in nats. It is -Inf where a row is so far out that its latents overflow.
func (m *Model) LogProb(logProb, values []float64) error {
	width := m.Saved.Columns()
	if len(values) != len(logProb)*width {
		return fmt.Errorf("tabular: %d numbers for %d rows of %d", len(values), len(logProb), width)
	}
	if m.engine == nil {
		out, err := m.model.LogProb(rowsOf(values, width))
		copy(logProb, out)
		return err
	}
	units := m.Saved.Units()
	m.single = units.Append32(m.single[:0], values)
	m.engine.LogProb(logProb, m.single)
	for i, logDet := 0, units.LogDet(); i < len(logProb); i++ {
		logProb[i] += logDet
	}
	return nil
}

// rowsOf parts values into rows that share their memory.
func rowsOf(values []float64, width int) [][]float64 {
	rows := make([][]float64, 0, len(values)/width)
	for ; len(values) > 0; values = values[width:] {
		rows = append(rows, values[:width:width])
	}
	return rows
}
