package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// trainedDir is where trained has put its files; TestMain removes it.
var trainedDir string

// trained makes moons.csv and a small model of it, once for all tests.
var trained = sync.OnceValue(func() error {
	var err error
	if trainedDir, err = os.MkdirTemp("", "flow-trained-"); err != nil {
		return err
	}
	csv := filepath.Join(trainedDir, "moons.csv")
	for _, args := range [][]string{
		{"data", "sample", "moons10", "-n", "1000", "--seed", "1", "-o", csv},
		{"fit", csv, "-o", filepath.Join(trainedDir, "model"), "--model", "realnvp", "--layers", "2", "--steps", "200"},
	} {
		if status := run(context.Background(), args); status != 0 {
			return fmt.Errorf("flow %s: status %d", strings.Join(args, " "), status)
		}
	}
	return nil
})

// moonsAndModel is a table of 1000 moons and a small model of it: copies, which a test
// may change.
func moonsAndModel(t *testing.T) (csv, model string) {
	t.Helper()
	if err := trained(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(trainedDir)); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "moons.csv"), filepath.Join(dir, "model")
}

// until is a context that ends as soon as a file is there, seen by whoever asks for its
// error. A goroutine that looks for the file may come too late on a busy machine.
type until struct {
	context.Context
	cancel context.CancelFunc
	file   string
}

// untilThere returns a context that ends once file is there.
func untilThere(t *testing.T, file string) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	return until{ctx, cancel, file}
}

// Err implements [context.Context].
func (u until) Err() error {
	if _, err := os.Stat(u.file); err == nil {
		u.cancel()
	}
	return u.Context.Err()
}
