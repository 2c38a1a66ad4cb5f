package bijector_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/sbinet/npyio/npz"

	"normflow/flowlib/bijector"
)

// fixture is one file of testdata/fixtures: what another library computes. The
// header of scripts/fixtures/make_fixtures.py says what the arrays are.
type fixture struct {
	Library, Version string
	Moves            [][]int // of each coupling layer, the features that move
	Permutations     [][]int // after each coupling layer: output[i] = input[permutation[i]]
	Bins, Knots      int
	Hidden           int // features of a residual network
	Bound            float64

	arrays   map[string]array
	features int
}

// array has its numbers row by row.
type array struct {
	shape  []int
	values []float64
}

func readFixture(t *testing.T, file string) fixture {
	t.Helper()
	r, err := npz.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	f := fixture{arrays: map[string]array{}}
	for _, key := range r.Keys() {
		name := strings.TrimSuffix(key, ".npy")
		if name == "meta" {
			var text []byte
			if err := r.Read(key, &text); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			if err := json.Unmarshal(text, &f); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			continue
		}
		a := array{shape: r.Header(key).Descr.Shape}
		if err := r.Read(key, &a.values); err != nil {
			t.Fatalf("%s: %s: %v", file, name, err)
		}
		if r.Header(key).Descr.Fortran {
			t.Fatalf("%s: %s is stored column by column", file, name)
		}
		f.arrays[name] = a
	}
	if f.Library == "" || f.Version == "" || len(f.arrays["input"].shape) != 2 {
		t.Fatalf("%s does not say where it comes from, or holds no input", filepath.Base(file))
	}
	f.features = f.arrays["input"].shape[1]
	return f
}

// tensor converts one array.
func (f fixture) tensor(name string, dtype dtypes.DType) *tensors.Tensor {
	a := f.arrays[name]
	if dtype == dtypes.Float64 {
		return tensors.FromFlatDataAndDimensions(a.values, a.shape...)
	}
	values := make([]float32, len(a.values))
	for i, v := range a.values {
		values[i] = float32(v)
	}
	return tensors.FromFlatDataAndDimensions(values, a.shape...)
}

// mask of coupling layer i, as ours: true = frozen.
func (f fixture) mask(i int) bijector.Mask {
	mask := make(bijector.Mask, f.features)
	for j := range mask {
		mask[j] = true
	}
	for _, j := range f.Moves[i] {
		mask[j] = false
	}
	return mask
}

// numbers are the values of a tensor of either precision.
func numbers(t *tensors.Tensor) []float64 {
	var out []float64
	t.MustConstFlatData(func(flat any) {
		switch flat := flat.(type) {
		case []float64:
			out = append(out, flat...)
		case []float32:
			for _, v := range flat {
				out = append(out, float64(v))
			}
		}
	})
	return out
}
