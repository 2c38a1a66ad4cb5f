package nb

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const sourceFile = `package toy

// Twice comes with a comment, which is not shown.
func Twice(v int) int { return 2 * v }

type Pair[K, V any] struct{}

// backward says "func backward" and is none.
func (p *Pair[K, V]) backward(
	dOut []float64, // [B]
) {
	// A comment inside stays.
	if len(dOut) > 0 {
		clear(dOut)
	}
}

func backward() {}
`

func TestSource(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("FLOW_ROOT", dir)
	if err := os.MkdirAll(filepath.Join(dir, "lib", "toy"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"a_test.go": "package toy\n\nfunc Twice() {}\n", "b.go": "package toy\n", "toy.go": sourceFile} {
		if err := os.WriteFile(filepath.Join(dir, "lib", "toy", name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{
		"Twice":         "// lib/toy/toy.go, line 4\nfunc Twice(v int) int { return 2 * v }",
		"backward":      "// lib/toy/toy.go, line 18\nfunc backward() {}",
		"Pair.backward": "// lib/toy/toy.go, line 9\n" + sourceFile[strings.Index(sourceFile, "func (p"):strings.Index(sourceFile, "\n\nfunc backward")],
	} {
		if got, err := source("lib/toy", name); err != nil || got != want {
			t.Errorf("%s: error %v, got\n%s\nwant\n%s", name, err, got, want)
		}
	}
	for _, name := range []string{"Pair", "Pair.forward", "Other.backward"} {
		if got, err := source("lib/toy", name); err == nil || !strings.Contains(err.Error(), "no function "+name) {
			t.Errorf("%s: error %v, got %q", name, err, got)
		}
	}
	if _, err := source("lib/none", "Twice"); err == nil || !strings.Contains(err.Error(), "the 0 files of") {
		t.Errorf("a folder that is not there: %v", err)
	}
}
