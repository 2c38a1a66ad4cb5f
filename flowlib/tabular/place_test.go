package tabular

import (
	"context"
	"os"
	"path/filepath"
	"testing"
)

// A fit that fails leaves no folder that it has made for its model.
func TestNoFolderWithoutModel(t *testing.T) {
	file := write(t, "moons.csv", []string{"a", "b"}, moons(1, 200))
	there := t.TempDir()
	c := small()
	c.Columns = []string{"nope"}
	if _, err := Fit(context.Background(), file, filepath.Join(there, "x", "y", "model"), c, Progress{}); err == nil {
		t.Error("fitted a column that is not there")
	}
	if left, err := os.ReadDir(there); err != nil || len(left) > 0 {
		t.Errorf("found %v, %v", left, err)
	}
	c.Columns, c.Steps = nil, 5
	if _, err := Fit(context.Background(), file, filepath.Join(there, "x", "y", "model"), c, Progress{}); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(there, "x", "y", "model", "model.json")); err != nil {
		t.Error(err)
	}
}
