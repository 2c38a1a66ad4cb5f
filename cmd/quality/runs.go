package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"normflow/flowlib/dataset"
	"normflow/flowlib/experiment"
	"normflow/flowlib/flow"
)

// asked is what the flags say.
type asked struct {
	models, data, seeds     string
	layers, steps           int
	train, valid, test      int
	flowChanges, fitChanges string
	jobs                    int
	out                     string
}

// run is one training: the name its row goes by, and all it depends on.
type run struct {
	model string
	cfg   experiment.Config
}

// runs checks all that was asked for before minutes of training, and lists it,
// the seeds of one model on one data set together.
func (a asked) runs() (all []run, err error) {
	if a.jobs < 1 {
		return nil, fmt.Errorf("-jobs is %d, expected at least 1", a.jobs)
	}
	for _, model := range strings.Split(a.models, ",") {
		for _, data := range a.dataNames() {
			for _, text := range strings.Split(a.seeds, ",") {
				cfg, err := a.config(model, data, text)
				if err != nil {
					return nil, err
				}
				all = append(all, run{model, cfg})
			}
		}
	}
	return all, nil
}

func (a asked) dataNames() (names []string) {
	if a.data != "all" {
		return strings.Split(a.data, ",")
	}
	for _, d := range dataset.Densities() {
		names = append(names, d.Name)
	}
	return names
}

func (a asked) config(model, data, seedText string) (cfg experiment.Config, err error) {
	if _, err := dataset.ByName(data); err != nil {
		return cfg, fmt.Errorf("-data: %w", err)
	}
	seed, err := strconv.ParseInt(seedText, 10, 64)
	if err != nil {
		return cfg, fmt.Errorf("-seeds: %q is not a whole number", seedText)
	}
	f, err := flow.Named(model, 2)
	if err != nil {
		return cfg, fmt.Errorf("-model: %w", err)
	}
	cfg = experiment.DefaultConfig(f, data, seed)
	cfg.Train, cfg.Valid, cfg.Test, cfg.Fit.Steps = a.train, a.valid, a.test, a.steps
	if a.layers != 0 {
		cfg.Flow.Layers = a.layers
	}
	if err := change(&cfg.Flow, a.flowChanges); err != nil {
		return cfg, fmt.Errorf("-flow: %w", err)
	}
	if err := change(&cfg.Fit, a.fitChanges); err != nil {
		return cfg, fmt.Errorf("-fit: %w", err)
	}
	return cfg, cfg.Check()
}

// change overwrites the fields of cfg that text names, a JSON object, and no others.
func change(cfg any, text string) error {
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(cfg); err != nil {
		return fmt.Errorf("%q: %w", text, err)
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("%q: expected one JSON object, something follows it", text)
	}
	return nil
}
