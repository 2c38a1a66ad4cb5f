package origin

import (
	"math"
	"os"
	"path/filepath"
	"testing"
)

func TestWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.json")
	if err := Write(path, []float64{0.5}); err != nil {
		t.Fatal(err)
	}
	if err := Write(path, []float64{math.NaN()}); err == nil {
		t.Error("NaN was written")
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "[\n  0.5\n]\n" {
		t.Errorf("got %q, %v", text, err)
	}
}
