package bench

import (
	"path/filepath"
	"testing"
)

func written(t *testing.T) (data, weights string) {
	t.Helper()
	dir := t.TempDir()
	if err := WriteData(dir, "realnvp", 2, 3); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, DataFile), filepath.Join(dir, WeightsFile)
}
