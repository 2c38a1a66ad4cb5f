package main

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"normflow/internal/show"
)

func TestFitPrints(t *testing.T) {
	dir := t.TempDir()
	csv, model := filepath.Join(dir, "moons.csv"), filepath.Join(dir, "model")
	must(t, "data", "sample", "moons10", "-n", "1000", "--seed", "1", "-o", csv)
	args := []string{"fit", csv, "-o", model, "--model", "realnvp", "--layers", "2", "--steps", "200", "--seed", "5"}
	status, out, notes := shell(t, "", args...)
	if status != 0 {
		t.Fatal(notes)
	}
	for _, want := range []string{"training ", "validation ", "test ", " nats ", " bits/dim  (800 rows)", "(100 rows)\n", "all steps were made", " on fast. Saved as " + model + ".\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	for _, want := range []string{csv + ": 1000 rows of x, y (CSV with a header, delimiter ',')\n", "fitting realnvp, 2 layers", "step 100 of 200  NLL ", "step 200 of 200  NLL "} {
		if !strings.Contains(notes, want) {
			t.Errorf("no %q in\n%s", want, notes)
		}
	}
	if strings.ContainsAny(notes, "\r\x1b") {
		t.Errorf("a bar where there is no terminal: %q", notes)
	}
	var r map[string]any
	status, out, _ = shell(t, "", append(args, "--json")...)
	if err := json.Unmarshal([]byte(out), &r); err != nil || status != 0 || strings.Count(out, "\n") != 1 {
		t.Fatal(err, out)
	}
	keys(t, r, "model kind program created source features split columns reasons warnings engine fit result gaussian train valid test calibration typical quartiles sketch summary options")
	keys(t, r["test"], "mean se bits_per_dim")
	keys(t, r["options"], "layers model seed steps")
	keys(t, r["split"], "seed train valid test")
}

// The command that goes on with a fit names columns as they were named, brackets and all.
func TestColumnsInBrackets(t *testing.T) {
	f := newFit().Flags()
	if err := f.Parse([]string{"--columns", "[y],x[mm]", "--steps", "5"}); err != nil {
		t.Fatal(err)
	}
	if got, want := again([]string{"t.csv"}, "m", f), "flow fit t.csv -o m --columns='[y],x[mm]' --steps=5 --resume"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	f = newFit().Flags()
	if err := f.Parse([]string{"--column", "wind, north:periodic(0,360)", "--column", "b:positive"}); err != nil {
		t.Fatal(err)
	}
	if got, want := again([]string{"t.csv"}, "m", f), "flow fit t.csv -o m --column='wind, north:periodic(0,360)' --column=b:positive --resume"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// What is to be typed comes back from a shell as it was.
func TestShellWordOfAnything(t *testing.T) {
	for _, word := range []string{"", "plain", "two words", "it's", forged, eraser, `a\b`, "\x1b'\\n", "50 % \t$HOME `id` $(id) \"!!\"", "größe\u202e", "-a,b"} {
		typed := shellWord(word)
		if out, err := exec.Command("sh", "-c", "printf %s "+typed).Output(); err != nil || string(out) != word || !show.Printable(typed) {
			t.Errorf("%q is to be typed as %q, which a shell takes for %q, %v", word, typed, out, err)
		}
	}
}
