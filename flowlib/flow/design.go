package flow

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"

	"normflow/flowlib/bijector"
	"normflow/flowlib/tree"
	"normflow/internal/show"
)

// design is everything of a model but its numbers.
type design struct {
	flow     *Flow
	settings Settings
	config   *Config // what the flow was built from; nil for a custom flow
}

// Flow returns the flow. Its graphs work in standardized units.
func (d *design) Flow() *Flow { return d.flow }

// Config returns the config that the flow was built from. It returns an error for a
// custom flow, see [NewModel].
func (d *design) Config() (Config, error) {
	if d.config == nil {
		return Config{}, errors.New("flow: the flow is not built of a Config, as one of the zoo is")
	}
	return *d.config, nil
}

// Settings returns the model's shape, units, seed and precision.
func (d *design) Settings() Settings { return d.settings }

// Features returns D.
func (d *design) Features() int { return d.settings.Features }

// Context returns C, the number of conditioning columns after the features; 0 for p(x).
func (d *design) Context() int { return d.settings.Context }

// Columns returns the width of the model's rows, D+C: the features, then the context.
func (d *design) Columns() int { return d.settings.Columns() }

// Units returns the units of the model's rows.
func (d *design) Units() Units { return d.settings.Units() }

// DType returns the precision of the weights.
func (d *design) DType() dtypes.DType { return d.settings.DType }

// Name returns the name of the config, see [Config.Name], or "custom".
func (d *design) Name() string {
	if d.config == nil {
		return "custom"
	}
	return d.config.Name()
}

// Variables returns the variables of the flow, sorted by path.
func (d *design) Variables() ([]Variable, error) {
	if d.config != nil {
		return d.config.Variables()
	}
	return d.trace()
}

// Split cuts rows, [B, D+C], into features, [B, D], and context, [B, C]. The context is
// nil if the flow has none.
func (d *design) Split(rows *Node) (x, context *Node) {
	rows.AssertDims(-1, d.Columns())
	if d.Context() == 0 {
		return rows, nil
	}
	return Slice(rows, AxisRange(), AxisRange(0, d.Features())), Slice(rows, AxisRange(), AxisRangeToEnd(d.Features()))
}

// settings returns the settings of c in the given precision.
func (c Config) settings(dtype dtypes.DType) Settings {
	return Settings{Features: c.Features, Context: c.Context, Seed: c.Seed, Scaler: c.Scaler, ContextScaler: c.ContextScaler, DType: dtype}
}

// design builds the flow of c.
func (c Config) design(dtype dtypes.DType) (design, error) {
	f, err := c.Build()
	return design{f, c.settings(dtype), &c}, err
}

// written is how a model's files describe its design: the config and the masks it
// makes, or, for a custom flow, its tree (see package tree) and its settings.
type written struct {
	Config   *Config         `json:"config,omitempty"`
	Masks    []string        `json:"masks,omitempty"` // of the coupling layers, see [bijector.Mask.String]
	Settings *Settings       `json:"settings,omitempty"`
	Flow     json.RawMessage `json:"flow,omitempty"`
}

// flowForm is how the tree writes a flow.
type flowForm struct {
	Base  tree.Of[Base]                `json:"base"`
	Chain []tree.Of[bijector.Bijector] `json:"chain"`
}

// written returns d in that form. The error names the part of the flow that cannot be
// written.
func (d *design) written() (written, error) {
	if d.config != nil {
		return written{Config: d.config, Masks: d.config.masks()}, nil
	}
	text, err := d.Tree()
	return written{Settings: &d.settings, Flow: text}, err
}

// Tree returns the flow as JSON, see package tree. The error names the part of the flow
// that cannot be written.
func (d *design) Tree() (json.RawMessage, error) {
	if d.flow == nil {
		return nil, errEmpty
	}
	text, err := tree.Write("flow", &flowForm{tree.Of[Base]{Part: d.flow.base}, tree.List(d.flow.chain)})
	if err != nil {
		return nil, err
	}
	return text, nil
}

// read sets d from w and returns the variables of the flow. It builds nothing larger
// than w itself.
func (d *design) read(w written, dtype dtypes.DType) ([]Variable, error) {
	var err error
	switch {
	case w.Config != nil && (w.Flow != nil || w.Settings != nil):
		return nil, errors.New("it has both a config and a flow: the file is edited")
	case w.Config != nil:
		d.config, d.settings = w.Config, w.Config.settings(dtype)
		return w.Config.Variables()
	case w.Flow == nil || w.Settings == nil || w.Masks != nil:
		return nil, errors.New("it has no config, and no flow with settings and without masks: the file is edited")
	}
	d.settings = *w.Settings
	d.settings.DType = dtype
	if err := d.settings.check(); err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	var form flowForm
	if err = tree.Read("flow", w.Flow, &form); err != nil {
		return nil, err
	}
	d.flow = New(form.Base.Part, tree.Parts(form.Chain))
	return d.trace()
}

// build builds the flow from the config in w and compares its masks with those in w.
func (d *design) build(w written) (err error) {
	if d.config == nil {
		return nil
	}
	if masks := d.config.masks(); w.Masks != nil && !slices.Equal(w.Masks, masks) {
		return fmt.Errorf("the masks are %s, this program makes %s of the same config: the file is edited, or of another program", show.QuotedNames(w.Masks), show.QuotedNames(masks))
	}
	d.flow, err = d.config.Build()
	return err
}
