package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"normflow/flowlib/imagefit"
	"normflow/flowlib/imageset"
)

// Both flows get a row, ours of at least one step; if the other fails, ours stays, and the error
// says why.
func TestMNIST(t *testing.T) {
	if testing.Short() {
		t.Skip("left out with -short")
	}
	dir := t.TempDir()
	texture := imageset.Texture{Height: 4, Width: 4, Levels: 4}
	for name, n := range map[string]int{"train": mnistValid + 64, "test": 20} {
		if err := imagefit.WriteDraws(filepath.Join(dir, name+".npy"), texture.Draw(1, n)); err != nil {
			t.Fatal(err)
		}
	}
	for answer, rows := range map[string]int{`echo '{"bits_per_dim": 2.5, "test": 20}'`: 2, "exit 3": 1} {
		r := imagesRun{seeds: []int64{0}, folder: dir, minutes: 1e-3, python: peerStub(t, answer), write: func(any) error { return nil }}
		err := r.mnist(t.Context())
		if len(r.rows) != rows || (err == nil) != (rows == 2) || err != nil && !strings.Contains(err.Error(), "--lib normflows") {
			t.Fatalf("%s: %d rows, %v", answer, len(r.rows), err)
		}
		ours := r.rows[0].(imagesRow)
		if ours.Data != "MNIST" || ours.Train != 64 || ours.Test != 20 || ours.Draws != 2 || ours.BestStep < 1 || !strings.HasPrefix(ours.Model, flowName) || !(ours.PerDim > 0) {
			t.Errorf("%+v", ours)
		}
	}
	if err := os.Remove(filepath.Join(dir, "test.npy")); err != nil {
		t.Fatal(err)
	}
	r := imagesRun{seeds: []int64{0}, folder: dir, minutes: 1}
	if err := r.mnist(t.Context()); err == nil || !strings.Contains(err.Error(), "test.npy") {
		t.Errorf("without test.npy: %v", err)
	}
}
