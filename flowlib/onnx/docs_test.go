package onnx_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/janpfeifer/must"

	"normflow/flowlib/density"
	"normflow/flowlib/onnx"
)

// block is the first one of a language in docs/format.md.
func block(t *testing.T, language string) string {
	t.Helper()
	page := string(must.M1(os.ReadFile("../../docs/format.md")))
	_, rest, found := strings.Cut(page, "\n```"+language+"\n")
	text, _, closed := strings.Cut(rest, "\n```")
	if !found || !closed {
		t.Fatalf("docs/format.md has no block of %s", language)
	}
	return text
}

// The programs in docs/format.md print what the model says.
func TestProgramsOfTheDocs(t *testing.T) {
	models := mixtures(t)
	rows := [][]float64{{0.5, -1}, {2, 3}}
	m := models[0]
	want := must.M1(density.LogProb(m.engine(t), rows))
	dir := t.TempDir()
	must.M(os.WriteFile(filepath.Join(dir, "model.onnx"), must.M1(onnx.Score(m.mixed, nil)), 0o644))
	must.M(os.WriteFile(filepath.Join(dir, "draws.onnx"), must.M1(onnx.Sample(m.mixed, nil)), 0o644))
	for _, tt := range []struct{ language, file string }{{"python", "program.py"}, {"js", "program.mjs"}} {
		t.Run(tt.language, func(t *testing.T) {
			var program string
			if tt.language == "js" {
				if _, err := exec.LookPath("node"); err != nil {
					t.Skip(err)
				}
				modules := tool(t, "onnx-web", "node_modules")
				must.M(os.Symlink(modules, filepath.Join(dir, "node_modules")))
				program = must.M1(exec.LookPath("node"))
			} else {
				program = tool(t, "onnx", "bin", "python")
			}
			must.M(os.WriteFile(filepath.Join(dir, tt.file), []byte(block(t, tt.language)), 0o644))
			cmd := exec.Command(program, tt.file)
			cmd.Dir = dir
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			first, _, _ := strings.Cut(string(out), "\n")
			numbers := strings.Fields(first)
			if len(numbers) != len(want) {
				t.Fatalf("printed %q, expected two log-densities", out)
			}
			for i, text := range numbers {
				if v, err := strconv.ParseFloat(text, 64); err != nil || !near(v, want[i], 1e-5) {
					t.Errorf("row %v: %s, the model says %g", rows[i], text, want[i])
				}
			}
		})
	}
}
