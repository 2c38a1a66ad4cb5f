package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Engines of one device refuse more, before they read anything, and say which take them.
func TestDevicesRefused(t *testing.T) {
	for args, want := range map[string]string{
		"--devices 2":                   "--devices: the engine auto trains on the processor as a whole, one device, found 2: train on several devices (--engine xla:cuda)",
		"--devices 2 --engine fast":     "--devices: the engine fast trains",
		"--devices 3 --engine go":       "--devices: the engine go trains",
		"--devices 0 --engine xla:cpu":  "--devices: expected at least 1, found 0",
		"--devices 65 --engine xla:cpu": "--devices: expected 1 to 64 devices, found 65",
		"--devices 2 --engine xla:cpu":  "there is no such file",
	} {
		_, _, said := shell(t, "", append([]string{"fit", "none.csv", "-o", filepath.Join(t.TempDir(), "m")}, strings.Fields(args)...)...)
		if !strings.HasPrefix(said, "flow: ") || !strings.Contains(said, want) {
			t.Errorf("%s: got %q, want %q", args, said, want)
		}
	}
}

// A fit on two devices says so while it trains, at its end and in its record.
func TestFitOnTwoDevices(t *testing.T) {
	if os.Getenv("FLOW_TEST_BACKEND") != "xla:cpu" {
		t.Skip("pure Go is one device: run with FLOW_TEST_BACKEND=xla:cpu")
	}
	dir := t.TempDir()
	csv, model := filepath.Join(dir, "moons.csv"), filepath.Join(dir, "model")
	must(t, "data", "sample", "moons10", "-n", "400", "-o", csv)
	status, out, notes := shell(t, "", "fit", csv, "-o", model, "--model", "realnvp", "--layers", "2", "--steps", "20", "--engine", "xla:cpu", "--devices", "2")
	if status != 0 || !strings.Contains(out, " on 2 devices of xla:cpu. Saved as ") || !strings.Contains(notes, "each batch is shared by 2 devices of xla:cpu\n") {
		t.Fatalf("exit status %d\n%s\n%s", status, out, notes)
	}
	if _, out, _ = shell(t, "", "show", model); !strings.Contains(out, "    devices       2\n") || !strings.Contains(out, `  engine          "xla:cpu"`) {
		t.Errorf("no devices in\n%s", out)
	}
}
