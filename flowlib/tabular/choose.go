package tabular

import (
	"fmt"

	"normflow/flowlib/fit"
	"normflow/flowlib/flow"
)

// choice is what to fit and how, and why.
type choice struct {
	flow    flow.Config
	fit     fit.Config
	steps   []float64 // of the grids of the columns, nil if none is on one
	reasons []string
}

// choose settles what the user has left open.
func (j *job) choose() (choice, error) {
	d := j.data
	var c choice
	name := j.Model
	if name == "" {
		name = "nsf"
		if j.Engine == "fast" {
			name = "realnvp"
		}
	}
	var err error
	if c.flow, err = flow.Named(name, len(d.features)); err != nil {
		return c, err
	}
	c.flow.Context = len(d.context)
	if j.Layers > 0 {
		c.flow.Layers = j.Layers
	}
	c.fit = fit.DefaultConfig(c.flow)
	if j.Steps > 0 {
		c.fit.Steps = j.Steps
	}
	c.fit.BatchSize = min(c.fit.BatchSize, len(d.summary.Columns)*0+int(float64(d.summary.Rows)*(1-j.Valid-j.Test))/2)
	c.fit.Patience = 20
	for i, s := range d.summary.Columns {
		if s.Quantised() {
			if c.steps == nil {
				c.steps = make([]float64, len(d.summary.Columns))
			}
			c.steps[i] = s.Step
		}
	}
	return c, j.chooseEngine(&c)
}

// chooseEngine takes package fast where it may and can.
func (j *job) chooseEngine(c *choice) error {
	cannot := c.flow.CheckByHand()
	if cannot == nil && (c.fit.EMADecay > 0 || c.fit.WeightDecay > 0) {
		cannot = fmt.Errorf("the engine fast has neither averages of weights nor weight decay")
	}
	switch {
	case j.Engine == "fast" && cannot != nil:
		return fmt.Errorf("--engine fast: %w", cannot)
	case j.Engine == "fast" || j.Engine == "auto" && cannot == nil:
		c.fit.Engine = fit.EngineFast
	}
	return nil
}
