package knots

import (
	"math"
	"strings"
	"testing"

	"normflow/flowlib/byhand"
)

// Scores and maps are those of the networks, far points included.
func TestAgreesWithTheNetworks(t *testing.T) {
	f := lively(3, 8, 64, 64)
	k, err := Compile(f, 0)
	if err != nil {
		t.Fatal(err)
	}
	x := events(2000)
	agree := func(what string, got, want []float64) {
		t.Helper()
		for i, v := range got {
			if !(math.Abs(v-want[i]) <= 1e-9*(1+math.Abs(want[i]))) {
				t.Fatalf("%s: number %d is %.12g, want %.12g", what, i, v, want[i])
			}
		}
	}
	agree("log p", k.LogProb(x), f.LogProb(x))
	z, logDet := k.Inverse(x)
	wantZ, wantLogDet := f.Inverse(x)
	agree("z", z, wantZ)
	agree("log|det dz/dx|", logDet, wantLogDet)
	y, logDet := k.Forward(x)
	wantY, wantLogDet := f.Forward(x)
	agree("x", y, wantY)
	agree("log|det dx/dz|", logDet, wantLogDet)
}

func TestCompileRefuses(t *testing.T) {
	both := lively(1, 2, 4)
	both.Layers[1] = byhand.NewCoupling[float64]([]bool{false, false}, []int{4})
	broken := lively(1, 2, 4)
	broken.Layers[0].Conditioner[0].W[0] = math.NaN()
	endless := lively(1, 2, 4)
	endless.Layers[1].InputBound = math.Inf(1)
	wide := byhand.New[float64](2, 1, []int{2000, 2000}, 1)
	for want, f := range map[string]*byhand.Flow[float64]{
		"a flow over 3 features, expected 2": byhand.New[float64](3, 2, []int{4}, 1),
		"coupling 1 freezes no feature":      both,
		"has a weight NaN":                   broken,
		"coupling 1: no bound":               endless,
		"too many to go through":             wide,
	} {
		if _, err := Compile(f, 0); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
}
