package byhand

import (
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// shapes are the flows that tests go through: features, hidden widths.
var shapes = []struct {
	features int
	hidden   []int
}{{2, []int{8, 6}}, {5, []int{7}}, {1, []int{4, 4}}, {3, nil}}

// logDet against the determinant of the Jacobian from central differences, whose
// error is of order 1e-10 relative to the third derivative.
func TestLogDetIsThatOfTheJacobian(t *testing.T) {
	for _, s := range shapes {
		f, batch := randomFlow(s.features, s.hidden...)
		for name, run := range map[string]func([]float64) (out, logDet []float64){"Forward": f.Forward, "Inverse": f.Inverse} {
			for b := range 5 {
				v := batch[b*s.features : (b+1)*s.features]
				_, logDet := run(v)
				det, sign := mat.LogDet(jacobian(run, v))
				if sign != 1 || !within(logDet[0], det, 1e-6) {
					t.Errorf("%s of %d features at %.2f: log-det %g, of the Jacobian %g with sign %g", name, s.features, v, logDet[0], det, sign)
				}
			}
		}
	}
}

func jacobian(run func([]float64) (out, logDet []float64), v []float64) *mat.Dense {
	const h = 1e-5
	j := mat.NewDense(len(v), len(v), nil)
	for col := range v {
		up, down := slices.Clone(v), slices.Clone(v)
		up[col] += h
		down[col] -= h
		outUp, _ := run(up)
		outDown, _ := run(down)
		for row := range v {
			j.Set(row, col, (outUp[row]-outDown[row])/(2*h))
		}
	}
	return j
}

func TestInverseUndoesForward(t *testing.T) {
	for _, s := range shapes {
		f, _ := randomFlow(s.features, s.hidden...)
		z := New[float64](s.features, 0, nil, 0).Sample(3, 1100) // more than two chunks
		x, up := f.Forward(z)
		again, down := f.Inverse(x)
		for i := range z {
			if !within(again[i], z[i], 1e-9) {
				t.Fatalf("%d features: z[%d] is %g, there and back %g", s.features, i, z[i], again[i])
			}
		}
		for b := range up {
			if !within(up[b]+down[b], 0, 1e-9) {
				t.Fatalf("%d features: row %d has log-dets %g and %g", s.features, b, up[b], down[b])
			}
		}
	}
}

// A row's density depends on nothing else: not on its place, not on its neighbours.
func TestRowsAreIndependent(t *testing.T) {
	f, _ := randomFlow(3, 8)
	x := f.Sample(2, 1100)
	all := f.LogProb(x)
	for _, b := range []int{0, 511, 512, 1099} {
		if one := f.LogProb(x[3*b : 3*b+3]); one[0] != all[b] {
			t.Errorf("row %d: %g alone, %g among all", b, one[0], all[b])
		}
	}
	if few := f.Sample(2, 7); !slices.Equal(few, x[:3*7]) {
		t.Error("7 events are not the first of 1100 of the same seed")
	}
	if other := f.Sample(3, 7); slices.Equal(other, x[:3*7]) {
		t.Error("another seed gives the same events")
	}
	if none := f.LogProb(nil); len(none) != 0 {
		t.Errorf("no rows have densities %v", none)
	}
}

// One weight or one number that is NaN shows in every density it touches.
func TestNaNShows(t *testing.T) {
	f, x := randomFlow(2, 4)
	x[2] = math.NaN()
	for b, lp := range f.LogProb(x) {
		if math.IsNaN(lp) != (b == 1) {
			t.Errorf("NaN in row 1: row %d has log-density %g", b, lp)
		}
	}
	f, x = randomFlow(2, 4)
	f.Layers[2].Conditioner[0].B[3] = math.NaN()
	for b, lp := range f.LogProb(x) {
		if !math.IsNaN(lp) {
			t.Errorf("NaN in a hidden bias: row %d has log-density %g", b, lp)
		}
	}
}

func TestConvertAndClone(t *testing.T) {
	f, x := randomFlow(3, 8)
	c := f.Clone()
	c.Layers[0].Conditioner[0].W[0]++
	c.Layers[0].Mask[0] = !c.Layers[0].Mask[0]
	if again, _ := randomFlow(3, 8); !slices.Equal(f.LogProb(x), again.LogProb(x)) {
		t.Error("changing a clone changed the flow")
	}
	f.Product = func(c, a, b []float64, m, k, n int, aT, bT bool) { MatMul(c, a, b, m, k, n, aT, bT); c[0]++ }
	withProduct := f.LogProb(x)
	if !slices.Equal(f.Clone().LogProb(x), withProduct) {
		t.Error("a clone does not use the product of its flow")
	}
	f.Product = nil
	if slices.Equal(f.LogProb(x), withProduct) {
		t.Error("the product of a flow is not used")
	}
	single := Convert[float32](f)
	if n := single.NumParameters(); n != f.NumParameters() || n != 2*(1*8+8+8*4+4)+2*(2*8+8+8*2+2) {
		t.Errorf("%d parameters in float32, %d in float64", n, f.NumParameters())
	}
	for b, lp := range single.LogProb(convert[float32](x)) {
		if want := f.LogProb(x)[b]; !within(float64(lp), want, 1e-4*max(1, math.Abs(want))) {
			t.Errorf("row %d: %g in float32, %g in float64", b, lp, want)
		}
	}
}
