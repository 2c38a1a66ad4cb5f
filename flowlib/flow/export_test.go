package flow_test

import (
	"errors"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"normflow/flowlib/flow"
)

// A model that goes out and comes back is the same, in both formats and precisions.
func TestExportImport(t *testing.T) {
	m := smallModel(t, "nsf+actnorm+lu+mixture", 2, 1)
	double, err := m.Float64()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []*flow.Model{m, double} {
		want, err := m.Saved(nil)
		if err != nil {
			t.Fatal(err)
		}
		own, _ := m.Config()
		for _, extension := range []string{".npz", ".safetensors"} {
			path := filepath.Join(t.TempDir(), "w"+extension)
			if err := want.Export(path); err != nil {
				t.Fatal(err)
			}
			for _, config := range []*flow.Config{nil, &own} {
				got, err := flow.Import(path, config)
				if err != nil || !reflect.DeepEqual(got, want) {
					t.Errorf("%s in %s: got %+v, want %+v, %v", extension, m.DType(), got, want, err)
				}
			}
		}
	}
}

// A mixture behind maps of columns goes out and comes back, by what the file says or by
// a model like it; one flow behind maps keeps its plain names.
func TestExportImportMixture(t *testing.T) {
	two := mappedMixture(t)
	one, err := flow.NewMixture(two.Columns, two.Members[:1])
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []*flow.Mixture{two, one} {
		want.Training = nil
		for _, extension := range []string{".npz", ".safetensors"} {
			path := filepath.Join(t.TempDir(), "w"+extension)
			if err := want.Export(path); err != nil {
				t.Fatal(err)
			}
			for _, like := range []*flow.Mixture{nil, want} {
				got, err := flow.ImportMixture(path, like)
				if err != nil {
					t.Fatal(err)
				}
				again, model := filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "b")
				if err := errors.Join(got.Write(again), want.Write(model)); err != nil {
					t.Fatal(err)
				}
				for _, file := range []string{"model.json", "weights.safetensors"} {
					if read(t, filepath.Join(again, file)) != read(t, filepath.Join(model, file)) {
						t.Errorf("%s of %d: %s came back as another", extension, len(want.Members), file)
					}
				}
			}
			if _, err := flow.Import(path, nil); err == nil || !strings.Contains(err.Error(), "import it by ImportMixture") {
				t.Errorf("imported as one flow: %v", err)
			}
		}
	}
}
