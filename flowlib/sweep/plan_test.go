package sweep

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"normflow/flowlib/tabular"
)

// A sweep begins in no folder that has files of the names of its results, its own table
// among them, and in none of a model.
func TestEnterWritesOverNothing(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, TableFile)
	if err := os.WriteFile(file, []byte("x,y\n1,2\n3,5\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	plan, err := New(file, tabular.DefaultFit(), Grid{})
	if err != nil {
		t.Fatal(err)
	}
	model := filepath.Join(dir, "model")
	if err := os.Mkdir(model, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(model, "model.json"), []byte(`{"format":"normflow model"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for folder, want := range map[string]string{
		dir:                              "holds results.csv, but no sweep.json: name another folder",
		model:                            "is a model",
		filepath.Join(model, "a", "b"):   "lies in the folder of a model",
		filepath.Join(dir, "new", "one"): "",
	} {
		for range 2 { // the second time the plan is there
			err := plan.Enter(folder)
			if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
				t.Errorf("%s: %v, expected %q", folder, err, want)
			}
		}
	}
}
