package main

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"normflow/flowlib/flow"
)

const version3 = "../../flowlib/flow/testdata/version3"

func TestExportAndImport(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	config := in("config.json")
	s, err := flow.Read(version3)
	if err != nil {
		t.Fatal(err)
	}
	c, _ := s.Config()
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{config: string(text), in("bad.json"): `{"layer":1}`, in("empty.json"): `{}`} {
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		args string
		want int
	}{
		{"export " + version3 + " -o " + in("w.npz"), 0},
		{"export " + version3 + " -o " + in("w.safetensors"), 0},
		{"export " + version3 + " -o " + in("w.onnx"), 0},
		{"export " + version3 + " --sample -o " + in("draws.onnx"), 0},
		{"export " + version3 + " --sample -o " + in("w.npz"), 2},
		{"export " + version3 + " -o " + in("none/w.onnx"), 1},
		{"export " + version3 + " -o " + in("w.pt"), 2},
		{"export " + version3, 2},
		{"export " + in("nothing") + " -o " + in("w.npz"), 1},
		{"export " + version3 + " -o " + in("none/w.npz"), 1},
		{"import " + in("w.npz") + " -o " + in("a"), 0},
		{"import " + in("w.safetensors") + " --like " + version3 + " -o " + in("b"), 0},
		{"import " + in("w.npz") + " --config " + config + " -o " + in("c"), 0},
		{"import " + in("w.npz") + " --config " + in("bad.json") + " -o " + in("d"), 1},
		{"import " + in("w.npz") + " --config " + in("empty.json") + " -o " + in("d"), 1},
		{"import " + in("w.npz") + " --like ../../flowlib/flow/testdata/version2 -o " + in("d"), 1},
		{"import " + in("w.npz") + " --like " + version3 + " --config " + config + " -o " + in("d"), 2},
		{"import " + in("w.npz"), 2},
		{"import " + in("w.csv") + " -o " + in("d"), 2},
		{"import " + in("w.npz") + " -o " + dir, 2},                     // which holds the file itself
		{"export " + in("a") + " -o " + in("a/weights.safetensors"), 2}, // which are the model's own
		{"export " + in("a") + " -o " + in("a/w.npz"), 2},
		{"show " + in("a"), 0},
		{"show " + dir, 1},
		{"show", 2},
		{"data sample rings -n 0", 2},
		{"data sample circle", 2},
		{"data sample rings --json", 2},
		{"data sample rings -o " + in("none/d.csv"), 1},
		{"data", 0},
	} {
		if got := run(context.Background(), strings.Fields(tt.args)); got != tt.want {
			t.Errorf("flow %s: exit status %d, want %d", tt.args, got, tt.want)
		}
	}
	if _, err := os.Stat(in("d")); err == nil {
		t.Error("a failed import has left a model")
	}
	for _, name := range []string{"a", "b", "c"} {
		got, err := flow.Read(in(name))
		if err != nil {
			t.Fatal(err)
		}
		for i, w := range s.Weights {
			for k, v := range w.Values {
				if math.Float64bits(got.Weights[i].Values[k]) != math.Float64bits(v) {
					t.Fatalf("%s: %s differs", name, w.Path)
				}
			}
		}
	}
}
