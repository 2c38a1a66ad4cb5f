package flow

import (
	"fmt"

	"normflow/flowlib/knots"
)

// leakyReLU is the slope below 0 of GoMLX's LeakyRelu.
const leakyReLU = 0.3

// Knots returns the model as tables, in standardized units, see [Units]. The flow must
// have two features and be one that package byhand supports, with relu or leaky_relu.
// The error names the part that does not fit.
func (m *Model) Knots() (*knots.Flow, error) {
	weights, err := m.Weights()
	if err != nil {
		return nil, err
	}
	c, err := m.Config()
	if err != nil {
		return nil, err
	}
	return c.knots(weights)
}

func (c Config) knots(weights []Weight) (*knots.Flow, error) {
	leak := 0.0
	if c.Activation == "leaky_relu" {
		c.Activation, leak = "relu", leakyReLU
	}
	f, err := byHandOf(c, weights)
	if err != nil {
		return nil, fmt.Errorf("flow: no tables of this model: %w", err)
	}
	return knots.Compile(f, leak)
}
