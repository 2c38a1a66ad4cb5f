package flow_test

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"normflow/flowlib/dataset"
	"normflow/flowlib/flow"
)

// The programs in docs compute the model's own log-densities from what was exported.
// NumPy is in the project's environment, the others are where `make bench-peers` has
// set them up. FLOW_REQUIRE_NUMPY, which `make test` sets, takes no excuse.
func TestProgramsThatRebuild(t *testing.T) {
	m := randomModel(t, 3)
	weights, err := m.Weights()
	if err != nil {
		t.Fatal(err)
	}
	with := func(scaler *dataset.Standardizer) *flow.Model {
		cfg, _ := m.Config()
		cfg.Scaler = scaler
		other, err := cfg.NewModel(m.Backend())
		if err == nil {
			err = other.SetWeights(weights)
		}
		if err != nil {
			t.Fatal(err)
		}
		return other
	}
	unscaled := with(nil)
	far := with(&dataset.Standardizer{Mean: []float64{1.76e9, 52.5, 1e12}, Std: []float64{1000, 1e-4, 1e6}, Factor: [][]float64{{1}, {0.6, 0.8}, {-0.9, 0.3, 0.1}}}) // where float32 has no digit left
	root := filepath.Join("..", "..")
	for _, tt := range []struct{ program, extension, python, packages string }{
		{"rebuild_numpy.py", ".npz", "python3", "numpy"},
		{"rebuild_torch.py", ".safetensors", filepath.Join(root, ".tools/peers/bin/python"), "torch, safetensors"},
		{"rebuild_jax.py", ".npz", filepath.Join(root, ".tools/peers/bin/python"), "jax"},
	} {
		t.Run(tt.program, func(t *testing.T) {
			if out, err := exec.Command(tt.python, "-c", "import "+tt.packages).CombinedOutput(); err != nil {
				if os.Getenv("FLOW_REQUIRE_NUMPY") != "" && tt.packages == "numpy" {
					t.Fatalf("%s has no %s: %s", tt.python, tt.packages, out)
				}
				t.Skipf("%s has no %s", tt.python, tt.packages)
			}
			program := filepath.Join(root, "docs", tt.program)
			rebuild(t, m, tt.python, program, tt.extension)
			rebuild(t, far, tt.python, program, tt.extension)
			if tt.packages == "numpy" { // the others take many seconds to start
				rebuild(t, unscaled, tt.python, program, tt.extension)
			}
		})
	}
}

func rebuild(t *testing.T, m *flow.Model, python, program, extension string) {
	t.Helper()
	x, err := m.Sample(1, 200)
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range [][]float64{{20, -20, 20}, {0, 0, 0}} { // beyond the bound of the conditioners
		m.Units().Invert(u, u)
		x = append(x, u)
	}
	want, err := m.LogProb(x)
	if err != nil {
		t.Fatal(err)
	}
	s, err := m.Saved(nil)
	if err != nil {
		t.Fatal(err)
	}
	weights, points := filepath.Join(t.TempDir(), "weights"+extension), filepath.Join(t.TempDir(), "points.csv")
	if err := s.Export(weights); err != nil {
		t.Fatal(err)
	}
	text := "a,b,c\n"
	for _, row := range x {
		text += strings.Trim(strings.ReplaceAll(fmt.Sprint(row), " ", ","), "[]") + "\n"
	}
	if err := os.WriteFile(points, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, program, weights, points)
	cmd.Stderr = os.Stderr
	cmd.Env = append(os.Environ(), "JAX_PLATFORMS=cpu", "CUDA_VISIBLE_DEVICES=")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Fields(string(out))
	if len(got) != len(want) {
		t.Fatalf("%d log-densities, expected %d", len(got), len(want))
	}
	for i := range want {
		// Both have rounding of float32, of numbers up to the size of log p.
		if v, err := strconv.ParseFloat(got[i], 64); err != nil || !(math.Abs(v-want[i]) <= 1e-5*max(1, math.Abs(want[i]))) {
			t.Errorf("%v: log-density %s, want %g, %v", x[i], got[i], want[i], err)
		}
	}
}
