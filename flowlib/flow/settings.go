package flow

import (
	"errors"
	"fmt"

	"github.com/gomlx/compute/dtypes"

	"normflow/flowlib/dataset"
)

// Settings are what a model needs to know beside its flow: the shape of its rows,
// their units, the seed and the precision.
type Settings struct {
	Features int // D, at least 1
	Context  int // C, the conditioning columns behind the features; 0 for p(x)

	Seed int64 // of the initial weights

	// Scaler makes the flow work in standardized units inside, while densities and
	// samples stay in the units of the data, see [Units]; nil leaves the data as it is.
	Scaler *dataset.Standardizer
	// ContextScaler standardizes the context before any layer sees it, or is nil.
	ContextScaler *dataset.Standardizer

	DType dtypes.DType // Float32, also where it is left out, or Float64
}

// Columns is the width of the rows a model takes: D features, then C of context.
func (s Settings) Columns() int { return s.Features + s.Context }

// Units returns those of the model's rows.
func (s Settings) Units() Units {
	return Units{s.Scaler, s.ContextScaler, s.Features, s.Context}
}

// maxColumns bounds the features and the columns of context.
const maxColumns = 1 << 16

func (s Settings) check() error {
	if s.Features < 1 || s.Features > maxColumns {
		return fmt.Errorf("features must be between 1 and %d, got %d", maxColumns, s.Features)
	}
	if s.Context < 0 || s.Context > maxColumns {
		return fmt.Errorf("context must be between 0 and %d, got %d", maxColumns, s.Context)
	}
	if s.DType != dtypes.Float32 && s.DType != dtypes.Float64 {
		return fmt.Errorf("dtype must be Float32 or Float64, got %s", s.DType)
	}
	return s.Units().check()
}

// design is all of a model but its numbers.
type design struct {
	flow     *Flow
	settings Settings
	config   *Config // that the flow is built of, or nil: a flow of one's own
}

// Flow returns the flow, which builds graphs in standardized units.
func (d *design) Flow() *Flow { return d.flow }

// Config returns what the flow is built of. Of a flow of one's own, see [NewModel], it
// returns an error.
func (d *design) Config() (Config, error) {
	if d.config == nil {
		return Config{}, errors.New("flow: the flow is not built of a Config, as one of the zoo is")
	}
	return *d.config, nil
}

// Settings returns the shape, the units, the seed and the precision of the model.
func (d *design) Settings() Settings { return d.settings }

// Features is D.
func (d *design) Features() int { return d.settings.Features }

// Context is C, the conditioning columns behind the features; 0 for p(x).
func (d *design) Context() int { return d.settings.Context }

// Columns is the width of the rows the model takes: D features, then C of context.
func (d *design) Columns() int { return d.settings.Columns() }

// Units returns those of the model's rows.
func (d *design) Units() Units { return d.settings.Units() }

// DType is the precision of the weights.
func (d *design) DType() dtypes.DType { return d.settings.DType }

// Name is that of the config, see [Config.Name], or "custom".
func (d *design) Name() string {
	if d.config == nil {
		return "custom"
	}
	return d.config.Name()
}

// Variables lists what the flow keeps in its store, sorted by path.
func (d *design) Variables() ([]Variable, error) {
	if d.config == nil {
		return nil, errors.New("flow: a flow of one's own cannot be written down yet")
	}
	return d.config.Variables()
}

// settings are those of c in the given precision.
func (c Config) settings(dtype dtypes.DType) Settings {
	return Settings{Features: c.Features, Context: c.Context, Seed: c.Seed, Scaler: c.Scaler, ContextScaler: c.ContextScaler, DType: dtype}
}

// design builds the flow of c.
func (c Config) design(dtype dtypes.DType) (design, error) {
	f, err := c.Build()
	return design{f, c.settings(dtype), &c}, err
}
