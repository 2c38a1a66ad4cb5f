// Package explore trains small flows before a reader's eyes: settings, which may change
// at any moment, come in, and pictures of the flow that the fast engine trains go out. It
// does not depend on notebooks, see [Live].
package explore

import (
	"fmt"

	"normflow/flowlib/dataset"
	"normflow/flowlib/fit"
	"normflow/flowlib/flow"
	"normflow/internal/show"
)

// Settings are what a reader can choose about a flow and its training.
type Settings struct {
	Data     string `json:"data"`     // name of a toy density, see [dataset.Densities]
	Layers   int    `json:"layers"`   // coupling layers, 1 to MaxLayers
	Hidden   int    `json:"hidden"`   // units in both hidden layers of a conditioner, one of Widths
	Base     string `json:"base"`     // one of Bases
	Coupling string `json:"coupling"` // one of Couplings
	Seed     int64  `json:"seed"`     // of the training data, the weights and the batches
	Steps    int    `json:"steps"`    // of 256 events
}

// MaxLayers bounds Settings.Layers: with more layers the first picture would take too
// long.
const MaxLayers = 16

// Possible values of Settings.
var (
	Widths    = []int{8, 16, 32, 64, 128}
	Bases     = []string{"Gaussian", "mixture"}
	Couplings = []string{"affine", "spline"}
)

// models maps Couplings to the names in package flow.
var models = map[string]string{"affine": "realnvp", "spline": "nsf+plain"}

// Default returns RealNVP with 8 layers on the named data, trained for as long as a
// reader likes to watch.
func Default(data string) Settings {
	return Settings{Data: data, Layers: 8, Hidden: 64, Base: "Gaussian", Coupling: "affine", Steps: 2000}
}

// Flow returns the flow of s, without a scaler. The error names a wrong setting.
func (s Settings) Flow() (flow.Config, error) {
	refuse := func(what string, found, expected any) (flow.Config, error) {
		return flow.Config{}, fmt.Errorf("explore: %s is %v, expected %v", what, found, expected)
	}
	if _, err := dataset.ByName(s.Data); err != nil {
		return flow.Config{}, fmt.Errorf("explore: %w", err)
	}
	model, ok := models[s.Coupling]
	switch {
	case s.Layers < 1 || s.Layers > MaxLayers:
		return refuse("the number of layers", s.Layers, fmt.Sprintf("1 to %d", MaxLayers))
	case s.Hidden < 1 || s.Hidden > 1024:
		return refuse("the hidden width", s.Hidden, "1 to 1024")
	case s.Steps < 1:
		return refuse("the number of steps", s.Steps, "at least 1")
	case !ok:
		return refuse("the coupling", show.Quoted(s.Coupling), "one of "+show.Names(Couplings))
	}
	switch s.Base {
	case "Gaussian":
	case "mixture":
		model += "+mixture"
	default:
		return refuse("the base", show.Quoted(s.Base), "one of "+show.Names(Bases))
	}
	c, err := flow.Named(model, 2)
	if err != nil {
		return c, err
	}
	c.Layers, c.Hidden, c.Seed = s.Layers, []int{s.Hidden, s.Hidden}, s.Seed
	return c, nil
}

// training returns the training of package fit for the flow, with the steps of s.
func (s Settings) training(of flow.Config) fit.Config {
	c := fit.DefaultConfig(of)
	c.Seed, c.Steps, c.Engine = s.Seed, s.Steps, fit.EngineFast
	return c
}
