package bijector_test

import (
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/bijector"
	"normflow/flowlib/bijector/bijectortest"
	"normflow/internal/safetensors"
)

// table draws rows of three features of very different place and spread.
func table(seed int64, rows int) [][]float32 {
	rng := rand.New(rand.NewPCG(uint64(seed), 0))
	x := make([][]float32, rows)
	for i := range x {
		x[i] = []float32{
			float32(5 + 0.01*rng.NormFloat64()), float32(-300 + 100*rng.Float64()), float32(rng.ExpFloat64()),
		}
	}
	return x
}

// initialize runs b's Initialize in store and returns what Inverse, or with
// forward Forward, makes of the data afterwards.
func initialize(t *testing.T, store *model.Store, b bijector.DataDependent, data [][]float32, forward bool) [][]float32 {
	t.Helper()
	be := backendtest.Open(t)
	if _, err := model.CallOnceN(be, store, func(scope *model.Scope, v *graph.Node) []*graph.Node {
		b.Initialize(scope.At("flow"), v, nil, forward)
		return []*graph.Node{v}
	}, data); err != nil {
		t.Fatal(err)
	}
	return apply(t, store, b, data, forward)
}

func apply(t *testing.T, store *model.Store, b bijector.Bijector, data [][]float32, forward bool) [][]float32 {
	t.Helper()
	out, err := model.CallOnce(backendtest.Open(t), store, func(scope *model.Scope, v *graph.Node) *graph.Node {
		direction := b.Inverse
		if forward {
			direction = b.Forward
		}
		out, _ := direction(scope.At("flow"), v, nil)
		return out
	}, data)
	if err != nil {
		t.Fatal(err)
	}
	return out.Value().([][]float32)
}

// checkStandard wants mean 0 and standard deviation 1 within tol.
func checkStandard(t *testing.T, x [][]float32, tol float64) {
	t.Helper()
	for d := range x[0] {
		mean, meanSquare := 0.0, 0.0
		for _, row := range x {
			v := float64(row[d])
			mean += v / float64(len(x))
			meanSquare += v * v / float64(len(x))
		}
		if std := math.Sqrt(meanSquare - mean*mean); !(math.Abs(mean) <= tol) || !(math.Abs(std-1) <= tol) {
			t.Errorf("feature %d has mean %g and standard deviation %g, want 0 and 1", d, mean, std)
		}
	}
}

func TestActNormStandardizesItsFirstBatch(t *testing.T) {
	data := table(1, 500)
	// Feature 0 lies at 5 ± 0.01: of float32's 1e-7 relative, 5e-5 remain.
	checkStandard(t, initialize(t, model.NewStore(), bijector.NewActNorm(3), data, false), 2e-4)
	checkStandard(t, initialize(t, model.NewStore(), bijector.NewActNorm(3), data, true), 2e-4)
	inverted := bijector.Invert{Bijector: bijector.NewActNorm(3)}
	checkStandard(t, initialize(t, model.NewStore(), inverted, data, false), 2e-4)
}

// Each layer of a chain sees the data as they reach it: the last ActNorm
// standardizes them, so that the ones before it have nothing left to do.
func TestChainInitializesInTheOrderOfTheData(t *testing.T) {
	data := table(1, 500)
	chain := bijector.Chain{
		bijector.NewActNorm(3),
		bijector.Chain{bijector.NewElementwise([]float64{1, 2, 3}, []float64{2, 3, 4}), bijector.NewActNorm(3)},
	}
	for _, forward := range []bool{false, true} {
		store := model.NewStore()
		checkStandard(t, initialize(t, store, chain, data, forward), 2e-4)
		first, second := "/flow/01/01/log_scale", "/flow/00/log_scale"
		if forward {
			first, second = second, first
		}
		scale := func(path string) []float32 { return store.GetVariable(path).MustValue().Value().([]float32) }
		if s := scale(first); !(math.Abs(float64(s[1])) > 3) { // ln 100/√12
			t.Errorf("forward=%t: the first ActNorm has log-scales %v: it has not seen the data", forward, s)
		}
		// Inverse shrinks what its last layer then finds small: s = ln std; Forward
		// stretches what comes next: s = -ln std.
		for d, stretch := range []float64{2, 3, 4} {
			if s := scale(second)[d]; !(math.Abs(float64(s)+math.Log(stretch)) <= 2e-4) {
				t.Errorf("forward=%t: the second ActNorm has log-scale %g for feature %d, behind a stretch by %g", forward, s, d, stretch)
			}
		}
	}
}

// What lies behind the last data-dependent layer is not built: the Go backend
// fails on variables that lead nowhere, if the output is but an input.
func TestInitializeBuildsNothingInVain(t *testing.T) {
	coupling := bijector.NewCoupling(bijector.Alternating(3, false), mlp, bijector.Affine{})
	for _, chain := range []bijector.Chain{
		{coupling, bijector.NewActNorm(3)}, {coupling, bijector.Chain{bijector.NewActNorm(3), coupling}}, {bijector.Invert{Bijector: coupling}},
	} {
		store := model.NewStore()
		apply(t, store, chain, table(1, 3), false) // creates the variables
		initialize(t, store, chain, table(1, 50), false)
		if err := bijector.CheckInitialized(store, "/flow/"); err != nil {
			t.Error(err)
		}
	}
}

func TestInitializeChangesNothingTheSecondTime(t *testing.T) {
	chain := bijector.Chain{bijector.NewActNorm(3), bijector.NewActNorm(3)}
	store := model.NewStore()
	initialize(t, store, chain, table(1, 100), false)
	want := apply(t, store, chain, table(2, 5), false)
	if got := initialize(t, store, chain, table(3, 100), false); !reflect.DeepEqual(got, apply(t, store, chain, table(3, 100), false)) {
		t.Error("Initialize is not the same as Inverse the second time")
	}
	if got := apply(t, store, chain, table(2, 5), false); !reflect.DeepEqual(got, want) {
		t.Errorf("a second Initialize changed the map: %v, was %v", got, want)
	}

	saved, err := safetensors.FromStore(store, "/flow/")
	if err != nil {
		t.Fatal(err)
	}
	loaded := model.NewStore()
	apply(t, loaded, chain, table(4, 5), false) // creates the variables
	if err := safetensors.ToStore(loaded, "/flow/", saved); err != nil {
		t.Fatal(err)
	}
	initialize(t, loaded, chain, table(4, 100), false)
	initialize(t, loaded, chain, slices.Repeat(table(5, 1), 10), false) // nor do data that could not initialize it
	if got := apply(t, loaded, chain, table(2, 5), false); !reflect.DeepEqual(got, want) {
		t.Errorf("Initialize changed a loaded map: %v, was %v", got, want)
	}
	if err := bijector.CheckInitialized(loaded, "/flow/"); err != nil {
		t.Error(err)
	}
	if flag := loaded.GetVariable("/flow/00/initialised"); flag == nil || flag.Trainable {
		t.Errorf("the flag %v is missing, or would be trained", flag)
	}
}

func TestActNormNamesWhatItCannotInitialize(t *testing.T) {
	chain := bijector.Chain{bijector.NewActNorm(3), bijector.NewActNorm(3)}
	for name, tt := range map[string]struct {
		change func(i int, row []float32)
		want   []string
	}{
		"constant":            {func(_ int, row []float32) { row[1] = 0.1 }, []string{"/flow/01/log_scale", "feature 1 ", "constant"}},
		"constant, large":     {func(_ int, row []float32) { row[2] = 1e9 }, []string{"/flow/01/log_scale", "feature 2 ", "constant"}},
		"rounding alone":      {func(i int, row []float32) { row[1] = 1e6 + 0.0625*float32(i%2) }, []string{"/flow/01/log_scale", "feature 1 ", "rounding"}},
		"all zero":            {func(_ int, row []float32) { row[0] = 0 }, []string{"/flow/01/log_scale", "feature 0 ", "constant"}},
		"not a number":        {func(_ int, row []float32) { row[1] = float32(math.NaN()) }, []string{"feature 1 ", "not finite"}},
		"constant, two of it": {func(_ int, row []float32) { row[0], row[2] = 1, 2 }, []string{"feature 0 ", "feature 2 ", "constant"}},
	} {
		t.Run(name, func(t *testing.T) {
			data := table(1, 1000)
			for i := range data {
				tt.change(i, data[i])
			}
			for _, forward := range []bool{false, true} {
				if forward && name != "constant" { // once is enough
					continue
				}
				store := model.NewStore()
				initialize(t, store, chain, data, forward)
				err := bijector.CheckInitialized(store, "/flow/")
				for _, want := range tt.want {
					if forward {
						want = strings.Replace(want, "/01/", "/00/", 1)
					}
					if err == nil || !strings.Contains(err.Error(), want) {
						t.Errorf("forward=%t: got %v, want an error with %q", forward, err, want)
					}
				}
				if !strings.Contains(name, "not") && err != nil && strings.Contains(err.Error(), "not finite") {
					t.Errorf("the error hides its cause: %v", err)
				}
				// A failure can be made good.
				checkStandard(t, initialize(t, store, chain, table(1, 500), forward), 2e-4)
				if err := bijector.CheckInitialized(store, "/flow/"); err != nil {
					t.Errorf("after good data: %v", err)
				}
			}
		})
	}
}

func TestCheckInitializedNamesLayersWithoutData(t *testing.T) {
	store := model.NewStore()
	apply(t, store, bijector.Chain{bijector.NewActNorm(3)}, table(1, 1), false)
	if err := bijector.CheckInitialized(store, "/flow/"); err == nil || !strings.Contains(err.Error(), "/flow/00 has not been") {
		t.Errorf("got %v, want an error with the layer", err)
	}
	if err := bijector.CheckInitialized(store, "/elsewhere/"); err != nil {
		t.Errorf("other variables were looked at: %v", err)
	}
}

func TestActNormRefusesABatchOfOne(t *testing.T) {
	_, err := model.CallOnce(backendtest.Open(t), model.NewStore(), func(scope *model.Scope, v *graph.Node) *graph.Node {
		bijector.Chain{bijector.NewActNorm(3)}.Initialize(scope.At("flow"), v, nil, false)
		return v
	}, table(1, 1))
	if err == nil || !strings.Contains(err.Error(), "two rows") || !strings.Contains(err.Error(), "/flow/00") {
		t.Errorf("got %v, want an error with the layer", err)
	}
}

func TestActNormIsTheIdentityUntilInitialized(t *testing.T) {
	data := table(1, 4)
	if got := apply(t, model.NewStore(), bijector.NewActNorm(3), data, true); !reflect.DeepEqual(got, data) {
		t.Errorf("got %v, want %v", got, data)
	}
	bijectortest.Check(t, bijector.NewActNorm(3), 3, 1e-10)
}
