package base

import (
	"math"
	"slices"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"gonum.org/v1/gonum/stat/distuv"
)

func diagNormalCDF(h *harness, d int, z float64) float64 {
	return distuv.Normal{Mu: h.value("location")[d], Sigma: math.Exp(h.value("log_scale")[d])}.CDF(z)
}

func TestDiagNormalStartsAsNormal(t *testing.T) {
	z := [][]float64{{0, 0, 0}, {1, -2, 0.5}}
	got := newHarness(t, NewDiagNormal(3), dtypes.Float64).logProb(z)
	want := newHarness(t, Normal{Features: 3}, dtypes.Float64).logProb(z)
	if !slices.Equal(got, want) {
		t.Errorf("log-densities are %v, of the unit normal %v", got, want)
	}
}
