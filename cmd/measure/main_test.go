package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"normflow/flowlib/backend/backendtest"
)

func TestMain(m *testing.M) { os.Exit(backendtest.Main(m)) }

// measured runs the program, which is to end with this status, and returns what it wrote.
func measured[R any](t *testing.T, status int, args ...string) []R {
	t.Helper()
	out := filepath.Join(t.TempDir(), "rows.json")
	if got := run(t.Context(), append(args, "-o", out)); got != status {
		t.Fatalf("%q: status %d, expected %d", args, got, status)
	}
	return readRows[R](t, out)
}

func readRows[R any](t *testing.T, path string) (rows []R) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &rows); err != nil {
		t.Fatal(err)
	}
	return rows
}

// What is asked for wrongly is told before minutes of work, with status 2, and every
// measurement says what it does.
func TestCalls(t *testing.T) {
	none := t.TempDir()
	for call, status := range map[string]int{
		"": 0, "--help": 0, "more": 2, "--jobs": 2,
		"quality --data=moons05,sun": 2, "quality --seeds=0,x": 2, "quality more": 2, "quality --jobs=0": 2,
		"defaults --data=moons": 2, "defaults --rows=0": 2, "defaults --test=1": 2, "defaults more": 2,
		"engines --data=moons": 2, "engines --engine=xla:tpu": 2, "engines --layers=-1": 2,
		"anomaly --seeds=0,x": 2, "anomaly --data=" + none: 2,
		"anomaly " + filepath.Join(none, "none.npz"): 1,
	} {
		if got := run(t.Context(), strings.Fields(call)); got != status {
			t.Errorf("%q: status %d, expected %d", call, got, status)
		}
	}
	for _, m := range measurements {
		c := m().command()
		if c.Short == "" || c.Long == "" {
			t.Errorf("%s: no help", c.Name())
		}
		if got := run(t.Context(), []string{c.Name(), "--help"}); got != 0 {
			t.Errorf("%s --help: status %d", c.Name(), got)
		}
	}
}

func TestDensities(t *testing.T) {
	if all, err := densities([]string{"all"}); err != nil || len(all) != 9 {
		t.Errorf("%d densities, %v", len(all), err)
	}
}
