package flow_test

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/dataset"
	"normflow/flowlib/flow"
)

// A Gaussian of as many columns as are promised fits into a model, by the size of a
// smaller one, and what is exported can be imported.
func TestWideGaussian(t *testing.T) {
	const d = 350
	s := &dataset.Standardizer{Mean: make([]float64, d), Std: make([]float64, d), Factor: make([][]float64, d)}
	for i := range d {
		s.Std[i] = 1
		for j := range i {
			s.Factor[i] = append(s.Factor[i], -math.Pi/1e7/float64(1+i+j)) // as long as numbers are
		}
		s.Factor[i] = append(s.Factor[i], 1)
	}
	cfg := flow.Gaussian(d)
	cfg.Scaler = s
	m, err := cfg.NewModel(backendtest.Open(t))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	if err := m.Save(in("model"), nil); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(in("model/model.json"))
	if err != nil {
		t.Fatal(err)
	}
	const most = 64 << 20 // bytes of a model.json, see maxDescription
	if size := float64(info.Size()) / (d * d) * flow.MostGaussian * flow.MostGaussian; !(size < most) {
		t.Errorf("%d columns would take %.0f bytes, expected at most %d", flow.MostGaussian, size, most)
	}
	saved, err := flow.ReadMixture(in("model"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"w.npz", "w.safetensors"} {
		if err := saved.Export(in(name)); err != nil {
			t.Fatal(err)
		}
		if _, err := flow.ImportMixture(in(name), nil); err != nil {
			t.Error(err)
		}
	}

	// Lists that are empty are refused before they are made.
	text, err := os.ReadFile(in("model/model.json"))
	if err != nil {
		t.Fatal(err)
	}
	bomb := strings.Replace(string(text), `"factor": [`, `"factor": [`+strings.Repeat("[],", 400_000), 1)
	if err := os.WriteFile(in("model/model.json"), []byte(bomb), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := flow.ReadMixture(in("model")); err == nil || !strings.Contains(err.Error(), "lists and objects") {
		t.Error(err)
	}
}
