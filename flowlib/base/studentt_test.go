package base

import (
	"math"
	"testing"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"gonum.org/v1/gonum/stat/distuv"
)

// Against gonum's log-density, and far out against its leading terms.
func TestStudentTLogProb(t *testing.T) {
	for _, nu := range []float64{0.3, 1, 4.5, 60, 2002} { // the last one by the expansion of log Γ
		h := newHarness(t, NewStudentT(nu), dtypes.Float64)
		z := [][]float64{{0}, {1e-9}, {-0.5}, {math.Sqrt(nu)}, {3}, {-40}, {1e6}}
		for i, got := range h.logProb(z) {
			want := distuv.StudentsT{Sigma: 1, Nu: nu}.LogProb(z[i][0])
			// log Γ(1001) = 5912 is what gonum rounds.
			if !(math.Abs(got-want) <= 1e-14*(100+math.Abs(want)+nu)) {
				t.Errorf("ν = %g: log-density at %g is %.15g, want %.15g", nu, z[i][0], got, want)
			}
		}
		h32 := newHarness(t, NewStudentT(nu), dtypes.Float32)
		atZero := h.logProb([][]float64{{0}})[0]
		want := atZero - (nu+1)*(math.Log(1e30)-math.Log(nu)/2)
		if got := h32.logProb([][]float64{{-1e30}})[0]; !(math.Abs(got-want) <= 1e-6*math.Abs(want)) {
			t.Errorf("ν = %g: log-density at -1e30 in float32 is %g, want %g", nu, got, want)
		}
	}
	// With very many degrees of freedom it is the unit normal.
	if got, want := newHarness(t, NewStudentT(1e12), dtypes.Float64).logProb([][]float64{{2}})[0], distuv.UnitNormal.LogProb(2); !(math.Abs(got-want) <= 1e-9) {
		t.Errorf("ν = 1e12: log-density at 2 is %.12g, of the normal %.12g", got, want)
	}
}

// The transformation at numbers a sampler draws once in a lifetime, and at the
// extremes of ν: finite always, √-2·log U when ν is large.
func TestStudentTPolarAtExtremes(t *testing.T) {
	s := NewStudentT(0.02, 1, 1e9)
	for _, dtype := range []dtypes.DType{dtypes.Float32, dtypes.Float64} {
		h := newHarness(t, s, dtype)
		u := [][]float64{{0, 0, 0}, {1 - 0x1p-24, 1 - 0x1p-24, 1 - 0x1p-24}, {0.25, 0.25, 0.25}}
		z := h.call("polar", func(_ *model.Scope, u *Node) []*Node {
			u = ConvertDType(u, dtype)
			return []*Node{ConvertDType(s.polar(u, ZerosLike(u)), dtypes.Float64)}
		}, u)[0].Value().([][]float64)
		for i := range z {
			for d, v := range z[i] {
				if !(v > 0) || math.IsInf(v, 0) {
					t.Errorf("%s: U = %g at ν = %g gives %g", dtype, u[i][d], s.nu[d], v)
				}
			}
		}
		if !(math.Abs(z[2][1]-math.Sqrt(15)) <= 1e-5) { // √(4² - 1)
			t.Errorf("%s: U = ¼ at ν = 1 gives %g, want √15", dtype, z[2][1])
		}
		for i := range 3 {
			want := math.Sqrt(-2 * math.Log(max(u[i][2], 0x1p-33)))
			if i == 0 && dtype == dtypes.Float64 {
				want = math.Sqrt(2 * 65 * math.Ln2)
			}
			if !(math.Abs(z[i][2]-want) <= 1e-6*want) {
				t.Errorf("%s: U = %g at ν = 1e9 gives %g, want %g", dtype, u[i][2], z[i][2], want)
			}
		}
	}
}
