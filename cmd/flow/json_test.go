package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// With --json every command prints JSON, one value a line, and nothing else on the
// standard output; what is said to people goes to the standard error.
func TestJSONLines(t *testing.T) {
	csv, model := moonsAndModel(t)
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	args := map[string]string{
		"flow fit":          csv + " -o " + in("m") + " --model realnvp --layers 1 --steps 40",
		"flow score":        model + " " + csv + " -o " + in("s.csv"),
		"flow anomaly":      model + " " + csv + " --false-alarm 0.05 -o " + in("a.csv"),
		"flow eval":         model + " " + csv + " -o " + in("e.html"),
		"flow sample":       model + " -n 3 -o " + in("d.csv"),
		"flow gather":       in("parts"),
		"flow sweep status": in("sweep"),
		"flow sweep gather": in("sweep"),
		"flow show":         model,
		"flow export":       model + " -o " + in("w.npz"),
		"flow import":       in("w.npz") + " -o " + in("i"),
		"flow data list":    "",
		"flow data sample":  "rings -n 3 -o " + in("r.csv"),
		"flow bench-data":   "-o " + dir,
		"flow bench":        "--engine fast --task logprob --n 64 --secs 0.01 --threads 1 --data " + in("data.csv"),
	}
	must(t, "bench-data", "-o", dir)
	must(t, "export", model, "-o", in("w.npz"))
	must(t, "score", model, csv, "-o", in("parts")+"/")
	must(t, "sweep", csv, "-o", in("sweep"), "--models", "gaussian", "--seeds", "0,1")
	tried := 0
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		if cmd.Name() == "completion" {
			return
		}
		for _, c := range cmd.Commands() {
			walk(c)
		}
		if cmd.HasSubCommands() || cmd.Flags().Lookup("json") == nil && cmd.Name() == "run" { // as fit, whose progress is all it says
			return
		}
		tried++
		words, known := args[cmd.CommandPath()]
		if !known {
			t.Errorf("%s is not tried here", cmd.CommandPath())
			return
		}
		call := append(strings.Fields(cmd.CommandPath())[1:], strings.Fields(words)...)
		status, out, notes := alone(t, append(call, "--json")...)
		if status != 0 {
			t.Errorf("%s: status %d: %s", cmd.CommandPath(), status, notes)
		}
		lines := 0
		for line := range strings.Lines(out) {
			lines++
			if !json.Valid([]byte(line)) || !strings.HasSuffix(line, "\n") {
				t.Errorf("%s prints %q", cmd.CommandPath(), line)
			}
		}
		if lines != 1 {
			t.Errorf("%s prints %d lines: %s", cmd.CommandPath(), lines, out)
		}
		for line := range strings.Lines(notes) {
			if json.Valid([]byte(line)) {
				t.Errorf("%s prints JSON on the standard error: %s", cmd.CommandPath(), line)
			}
		}
	}
	walk(newRoot())
	if tried != len(args) {
		t.Errorf("%d commands were tried, %d are known here", tried, len(args))
	}
}
