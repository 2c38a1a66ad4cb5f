package tabular

import (
	"slices"

	"normflow/flowlib/backend"
	"normflow/flowlib/fit"
	"normflow/flowlib/flow"
	"normflow/flowlib/table"
	"normflow/internal/nearest"
)

// Engines names what a model can be fitted and run by.
var Engines = []string{"auto", "fast", "xla", "xla:cpu", "xla:cuda", "go"}

func checkEngine(name string) error {
	if !slices.Contains(Engines, name) {
		return wrong(OptionEngine, "%s", nearest.Unknown("engine", name, Engines))
	}
	return nil
}

// noFast says why the engine fast cannot do.
func noFast(why error) error {
	return &table.Error{Option: OptionEngine, Problem: "the engine fast cannot: " + why.Error(), Err: why}
}

// backendOf is the name, for package backend, of what an engine's graphs run on. For
// fast that is the pure-Go one, which starts at once.
func backendOf(engine string) string {
	switch engine {
	case "auto":
		return ""
	case "fast":
		return "go"
	}
	return engine
}

// start chooses what scores and draws: package fast where it may and can, else a backend.
func (m *Model) start(engine string) error {
	if engine == "fast" || engine == "auto" {
		f, err := m.Saved.Engine(func(s *flow.Saved) (flow.Engine, error) { return s.Fast() })
		if err == nil {
			m.Engine, m.engine = "fast", f
			return nil
		}
		if engine == "fast" {
			return noFast(err)
		}
	}
	b, err := backend.Open(backendOf(engine))
	if err != nil {
		return err
	}
	if m.engine, err = m.Saved.Engine(func(s *flow.Saved) (flow.Engine, error) { return s.Model(b) }); err != nil {
		return err
	}
	m.Engine = backend.Name(b)
	return nil
}

// graph returns the model on a backend, which has what engines have not: the states
// between data and latents. Of a mixture it returns an error: it has none.
func (m *Model) graph(engine string) (*flow.Model, error) {
	if m.model != nil {
		return m.model, nil
	}
	s, err := m.Saved.Single()
	if err != nil {
		return nil, err
	}
	b, err := backend.Open(backendOf(engine))
	if err != nil {
		return nil, err
	}
	m.model, err = s.Model(b)
	return m.model, err
}

// openBackend is that of a fit.
func (j *job) openBackend() (err error) {
	name := backendOf(j.Engine)
	if j.fit.Engine == fit.EngineFast {
		name = "go" // for what a fast fit asks of a backend
	}
	if j.backend, err = backend.Open(name); err != nil {
		return err
	}
	if why := backend.Slower(); name == "" && why != "" {
		j.Note(table.Note{Says: why})
	}
	j.record.Engine = backend.Name(j.backend)
	if j.fit.Engine == fit.EngineFast {
		j.record.Engine = "fast"
	}
	return nil
}
