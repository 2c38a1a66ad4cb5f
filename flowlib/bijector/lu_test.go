package bijector_test

import (
	"math"
	"reflect"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"gonum.org/v1/gonum/mat"

	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/bijector"
	"normflow/flowlib/bijector/bijectortest"
)

// matrix reads W column by column: what Inverse makes of the unit vectors.
func matrix(t *testing.T, store *model.Store, b bijector.Bijector, d int) *mat.Dense {
	t.Helper()
	eye := make([][]float64, d)
	for i := range eye {
		eye[i] = make([]float64, d)
		eye[i][i] = 1
	}
	out, err := model.CallOnce(backendtest.Open(t), store, func(scope *model.Scope, x *graph.Node) *graph.Node {
		z, _ := b.Inverse(scope.At("flow"), x, nil)
		return z
	}, eye)
	if err != nil {
		t.Fatal(err)
	}
	w := mat.NewDense(d, d, nil)
	for i, row := range out.Value().([][]float64) {
		w.SetCol(i, row)
	}
	return w
}

func TestLUStartsOrthogonal(t *testing.T) {
	for _, d := range []int{1, 2, 3, 8, 17} {
		store := model.NewStore()
		w := matrix(t, store, bijector.NewLU(d), d)
		var wwt mat.Dense
		wwt.Mul(w, w.T())
		for i := range d {
			for j := range d {
				want := 0.0
				if i == j {
					want = 1
				}
				if got := wwt.At(i, j); !(math.Abs(got-want) <= 1e-13) { // float64, D products
					t.Fatalf("D=%d: (W·Wᵀ)[%d,%d] = %g, want %g", d, i, j, got, want)
				}
			}
		}
		if d > 1 && !(math.Abs(w.At(0, 1)) > 1e-3) {
			t.Errorf("D=%d: W = %v mixes nothing", d, mat.Formatted(w))
		}
		if again := matrix(t, model.NewStore(), bijector.NewLU(d), d); !mat.Equal(w, again) {
			t.Errorf("D=%d: the same seed gives another start", d)
		}
		other := model.NewStore()
		other.SetParam(model.ParamInitialSeed, int64(7))
		if again := matrix(t, other, bijector.NewLU(d), d); d > 1 && mat.EqualApprox(w, again, 1e-3) {
			t.Errorf("D=%d: another seed gives the same start", d)
		}
	}
}

func TestLUCanStartAsTheIdentity(t *testing.T) {
	w := matrix(t, model.NewStore(), bijector.NewLU(3).Identity(), 3)
	if !mat.Equal(w, mat.NewDiagDense(3, []float64{1, 1, 1})) {
		t.Errorf("W = %v", mat.Formatted(w))
	}
}

// W = P·L·(U + diag(sign⊙exp(log|s|))), multiplied out by another library from
// the variables as they are saved.
func TestLUIsTheProductOfItsVariables(t *testing.T) {
	const d = 5
	store := model.NewStore()
	layer := bijector.NewLU(d)
	matrix(t, store, layer, d) // creates the variables
	bijectortest.Randomize(store, 0.6, 1)
	got := matrix(t, store, layer, d)

	variable := func(name string) []float64 {
		v := store.GetVariable("/flow/" + name)
		if v == nil {
			t.Fatalf("there is no variable %q", name)
		}
		if trains := name == "lu"; v.Trainable != trains {
			t.Errorf("variable %s is trainable: %t, want %t", name, v.Trainable, trains)
		}
		var flat []float64
		v.MustValue().MustConstFlatData(func(data any) { flat = append(flat, data.([]float64)...) })
		return flat
	}
	packed, sign := mat.NewDense(d, d, variable("lu")), variable("sign")
	lower, upper := mat.NewTriDense(d, mat.Lower, nil), mat.NewTriDense(d, mat.Upper, nil)
	for i := range d {
		for j := range d {
			switch {
			case j < i:
				lower.SetTri(i, j, packed.At(i, j))
			case j > i:
				upper.SetTri(i, j, packed.At(i, j))
			default:
				lower.SetTri(i, i, 1)
				upper.SetTri(i, i, sign[i]*math.Exp(packed.At(i, i)))
			}
		}
	}
	var want mat.Dense
	want.Product(mat.NewDense(d, d, variable("permutation")), lower, upper)
	if !mat.EqualApprox(got, &want, 1e-12) {
		t.Errorf("W = %v, want %v", mat.Formatted(got), mat.Formatted(&want))
	}
	if mat.Equal(mat.NewDense(d, d, variable("permutation")), mat.NewDiagDense(d, []float64{1, 1, 1, 1, 1})) ||
		reflect.DeepEqual(sign, []float64{1, 1, 1, 1, 1}) {
		t.Error("this start has no permutation or no sign to get wrong: take another seed")
	}
}
