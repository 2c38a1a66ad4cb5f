package tabular

import (
	"fmt"
	"slices"
	"strings"

	"normflow/flowlib/backend"
	"normflow/flowlib/fit"
	"normflow/flowlib/flow"
	"normflow/flowlib/table"
	"normflow/internal/nearest"
)

// Engines names the engines that can fit and run a model.
var Engines = []string{"auto", "fast", "xla", "xla:cpu", "xla:cuda", "go"}

func checkEngine(name string) error {
	if !slices.Contains(Engines, name) {
		return wrong(OptionEngine, "%s", nearest.Unknown("engine", name, Engines))
	}
	return nil
}

// maxDevices is more than one machine has.
const maxDevices = 64

// checkDevices returns an error for a number of devices that the engine cannot have.
func (c FitConfig) checkDevices() error {
	if c.Devices < 0 || c.Devices > maxDevices {
		return wrong(OptionDevices, "expected 1 to %d devices, found %d", maxDevices, c.Devices)
	}
	if c.Devices > 1 && !strings.HasPrefix(c.Engine, "xla") {
		e := wrong(OptionDevices, "the engine %s trains on the processor as a whole, one device, found %d", c.Engine, c.Devices)
		e.Remedies = []table.Remedy{{Do: "train on several devices", Option: OptionEngine, Values: []string{"xla:cuda"}}, {Do: "try it on the processor", Option: OptionEngine, Values: []string{"xla:cpu"}}}
		return e
	}
	return nil
}

// On says what trained the model, such as xla:cpu, and how many devices of it.
func (r *Record) On() string {
	if n := r.Fit.Devices; n > 1 {
		return fmt.Sprintf("%d devices of %s", n, r.Engine)
	}
	return r.Engine
}

// noFast explains why the engine fast cannot run a model.
func noFast(why error) error {
	return &table.Error{Option: OptionEngine, Problem: "the engine fast cannot: " + why.Error(), Err: why}
}

// backendOf returns the backend, as package backend names it, for the graphs of an
// engine. For fast that is pure Go, which starts at once.
func backendOf(engine string) string {
	switch engine {
	case "auto":
		return ""
	case "fast":
		return "go"
	}
	return engine
}

// start chooses the engine that scores and draws: package fast if allowed and possible,
// else a backend.
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

// graph returns the model on a backend, which gives access to the latents and the layers
// between. It returns an error for a mixture, which has none.
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

// openBackend opens the backend of a fit.
func (j *job) openBackend() (err error) {
	name := backendOf(j.Engine)
	if j.fit.Engine == fit.EngineFast {
		name = "go" // fast needs little of a backend
	}
	if j.backend, err = backend.Open(name, j.Devices); err != nil {
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
