package solutions

import (
	"testing"

	"github.com/janpfeifer/must"

	"normflow/flowlib/backend"
	"normflow/flowlib/flow"
)

// A conditioner reads one number, has two hidden layers of 64, and says s and t.
const weightsOfALayer = (1*64 + 64) + (64*64 + 64) + (64*2 + 2)

func TestParametersGrowWithTheLayers(t *testing.T) {
	for _, layers := range []int{1, 2, 8} {
		cfg := flow.RealNVP(2)
		cfg.Layers = layers
		m := must.M1(cfg.NewModel(must.M1(backend.Open("go"))))
		if got := m.NumParameters(); got != layers*weightsOfALayer {
			t.Errorf("%d layers have %d parameters, counted %d", layers, got, layers*weightsOfALayer)
		}
	}
}
