package flow

import (
	"fmt"

	"normflow/flowlib/knots"
)

// leakyReLU is the slope below 0 of GoMLX's LeakyRelu.
const leakyReLU = 0.3

// Knots returns the model as tables, in standardized units, see [Units]: for a flow
// that package byhand has, or would have with leaky_relu in the place of relu, over
// two features. The error names what the model has besides.
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
