package explore

import (
	"testing"

	"normflow/flowlib/dataset"
)

func TestEveryDensityHasAScene(t *testing.T) {
	for _, d := range dataset.Densities() {
		s := small(d.Name)
		s.Steps = 2
		if _, err := Still(t.Context(), s); err != nil {
			t.Errorf("%s: %v", d.Name, err)
		}
	}
}
