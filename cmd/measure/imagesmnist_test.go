package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"normflow/flowlib/imagefit"
	"normflow/flowlib/imageset"
	"normflow/flowlib/imageset/digits"
	"normflow/internal/npz"
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
		labels := append(npz.Prelude("|u1", fmt.Sprintf("(%d,)", n)), make([]byte, n)...)
		for i := range n {
			labels[len(labels)-n+i] = byte(i % digits.Classes)
		}
		if err := os.WriteFile(filepath.Join(dir, name+"-labels.npy"), labels, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for answer, rows := range map[string]int{`echo '{"bits_per_dim": 2.5, "test": 20}'`: 2, "exit 3": 1} {
		r := imagesRun{seeds: []int64{0}, folder: dir, minutes: 1e-3, parts: []string{"flow", "peers"}, python: peerStub(t, answer), write: func(any) error { return nil }}
		err := r.mnist(t.Context())
		if len(r.rows) != rows || (err == nil) != (rows == 2) || err != nil && !strings.Contains(err.Error(), "--lib normflows") {
			t.Fatalf("%s: %d rows, %v", answer, len(r.rows), err)
		}
		ours := r.rows[0].(imagesRow)
		if ours.Data != "MNIST" || ours.Train != 64 || ours.Test != 20 || ours.Draws != 2 || ours.BestStep < 1 || !strings.HasPrefix(ours.Model, flowName) || !(ours.PerDim > 0) {
			t.Errorf("%+v", ours)
		}
	}
	r := imagesRun{seeds: []int64{0}, folder: dir, minutes: 1e-3, parts: []string{"pyramid"}, write: func(any) error { return nil }}
	if err := r.mnist(t.Context()); err != nil || len(r.rows) != 1 || r.rows[0].(imagesRow).Model != flowName+pyramidName {
		t.Fatal(r.rows, err)
	}
	sheet := filepath.Join(dir, "sheet.png")
	r = imagesRun{seeds: []int64{0}, folder: dir, minutes: 1e-3, parts: []string{"classes"}, sheet: sheet, write: func(any) error { return nil }}
	if err := r.mnist(t.Context()); err != nil || len(r.rows) != 1 {
		t.Fatal(r.rows, err)
	}
	if row := r.rows[0].(imagesRow); !strings.HasSuffix(row.Model, givenDigit) || row.Classes == nil || row.Classes.Drawn != 1000 || !(row.Classes.WithoutLabel > 0) {
		t.Errorf("%+v", row)
	}
	if _, err := os.Stat(sheet); err != nil {
		t.Error(err)
	}
	if err := os.Remove(filepath.Join(dir, "test.npy")); err != nil {
		t.Fatal(err)
	}
	r = imagesRun{seeds: []int64{0}, folder: dir, minutes: 1, parts: []string{"flow"}}
	if err := r.mnist(t.Context()); err == nil || !strings.Contains(err.Error(), "test.npy") {
		t.Errorf("without test.npy: %v", err)
	}
}
