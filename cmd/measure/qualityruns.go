package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"normflow/flowlib/experiment"
	"normflow/flowlib/flow"
)

// asked holds the flags of quality.
type asked struct {
	models, data            []string
	seeds                   []int64
	layers, steps           int
	train, valid, test      int
	flowChanges, fitChanges string
	jobs                    int
}

// trainingRun is one training: the name of its row, and everything it depends on.
type trainingRun struct {
	model string
	cfg   experiment.Config
}

// runs checks the request before minutes of training, and lists it, with the seeds of one
// model on one data set together.
func (a asked) runs() (all []trainingRun, err error) {
	if a.jobs < 1 {
		return nil, fmt.Errorf("--jobs: expected at least 1, found %d", a.jobs)
	}
	data, err := densities(a.data)
	if err != nil {
		return nil, err
	}
	for _, model := range a.models {
		for _, d := range data {
			for _, seed := range a.seeds {
				cfg, err := a.config(model, d.Name, seed)
				if err != nil {
					return nil, err
				}
				all = append(all, trainingRun{model, cfg})
			}
		}
	}
	return all, nil
}

func (a asked) config(model, data string, seed int64) (cfg experiment.Config, err error) {
	f, err := flow.Named(model, 2)
	if err != nil {
		return cfg, fmt.Errorf("--model: %w", err)
	}
	cfg = experiment.DefaultConfig(f, data, seed)
	cfg.Train, cfg.Valid, cfg.Test, cfg.Fit.Steps = a.train, a.valid, a.test, a.steps
	if a.layers != 0 {
		cfg.Flow.Layers = a.layers
	}
	if err := change(&cfg.Flow, a.flowChanges); err != nil {
		return cfg, fmt.Errorf("--flow: %w", err)
	}
	if err := change(&cfg.Fit, a.fitChanges); err != nil {
		return cfg, fmt.Errorf("--fit: %w", err)
	}
	return cfg, cfg.Check()
}

// change overwrites only those fields of cfg that text, a JSON object, names.
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
