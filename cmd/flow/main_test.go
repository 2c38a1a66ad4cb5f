package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"normflow/internal/bench"
)

func TestExitStatus(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, bench.DataFile)
	for _, tt := range []struct {
		args string
		want int
	}{
		{"", 0},
		{"--help", 0},
		{"--version", 0},
		{"bench --help", 0},
		{"completion bash", 0},
		{"benhc", 2},
		{"bench extra", 2},
		{"bench --speed 9", 2},
		{"bench --batch many", 2},
		{"bench", 2}, // no data
		{"bench --engine abacus --data " + data, 2},
		{"bench --engine go --batch 256,0 --data " + data, 2},
		{"bench-data", 2},
		{"bench --engine go --batch 256 --data " + data, 1}, // not there yet
		{"bench-data -o " + dir, 0},
		{"bench --engine go --task logprob --n 64 --secs 0.01 --threads 1 --json --data " + data, 0},
		{"bench --engine go --task logprob --n 64 --secs 0.01 --threads 1 --data " + data, 0},
		{"bench --engine go --task logprob --n 64 --secs 0.01 --threads 99999 --data " + data, 1},
	} {
		if got, _, said := alone(t, strings.Fields(tt.args)...); got != tt.want {
			t.Errorf("flow %s: exit status %d, want %d: %s", tt.args, got, tt.want, said)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, bench.WeightsFile)); err != nil {
		t.Error(err)
	}
}

// What a child is asked for is what its parent was asked for.
func TestOneBenchSaysItAll(t *testing.T) {
	want := bench.Ask{Engine: "go", Task: bench.Sample, Batch: 7, Threads: 3, Secs: 0.25, N: 11, Data: "a b.csv", Weights: "w"}
	cmd := newBench()
	if err := cmd.ParseFlags(append(oneBench(want)[1:], "--json", "--batch", "7")); err != nil {
		t.Fatal(err)
	}
	for flag, value := range map[string]string{
		"engine": "go", "task": "sample", "batch": "[7]", "threads": "3", "secs": "0.25", "n": "11", "data": "a b.csv", "weights": "w", "json": "true",
	} {
		if got := cmd.Flags().Lookup(flag).Value.String(); got != value {
			t.Errorf("--%s is %s, want %s", flag, got, value)
		}
	}
}
