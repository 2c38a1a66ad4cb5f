package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"normflow/flowlib/imagefit"
	"normflow/flowlib/imageset"
)

// From pictures to a model, to scores, draws, anomalies and a page, and what is refused.
func TestPictures(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	texture := imageset.Texture{Height: 2, Width: 2, Levels: 5}
	if err := imagefit.WriteDraws(in("t.npy"), texture.Draw(1, 60)); err != nil {
		t.Fatal(err)
	}
	if err := imagefit.WriteDraws(in("new")+"/", texture.Draw(2, 9)); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(in("new"), "contact.png")); err != nil {
		t.Fatal(err)
	}
	model := in("m")
	object := func(args ...string) map[string]any {
		t.Helper()
		status, out, notes := shell(t, "", append(args, "--json")...)
		var r map[string]any
		if err := json.Unmarshal([]byte(out), &r); err != nil || status != 0 {
			t.Fatalf("%q: %d, %v, %s%s", args, status, err, out, notes)
		}
		return r
	}
	r := object("fit", in("t.npy"), "-o", model, "--steps", "2", "--engine", "go")
	keys(t, r, "model kind program created source config split reasons engine fit result valid test held_out")
	r = object("eval", model, in("t.npy"), "-o", in("page.html"), "--engine", "go")
	if bits, _ := r["bits_per_dim"].(float64); !(bits > 1.5 && bits < 4) {
		t.Errorf("bits per dimension %g", bits)
	}
	if page, err := os.ReadFile(in("page.html")); err != nil || strings.Count(string(page), "data:image/png") != 2 {
		t.Errorf("page: %v", err)
	}
	object("score", model, in("t.npy"), "-o", in("s.csv"), "--engine", "go")
	if text, err := os.ReadFile(in("s.csv")); err != nil || strings.Count(string(text), "\n") != 61 || !strings.HasPrefix(string(text), "picture,log_prob,bits_per_dim,p_value\n0,") {
		t.Errorf("scores: %v, %.80s", err, text)
	}
	if r = object("anomaly", model, in("t.npy"), "--false-alarm", "0.2", "--engine", "go"); r["flagged"] == nil {
		t.Errorf("%v", r)
	}
	object("sample", model, "-n", "5", "-o", in("draws")+"/", "--engine", "go")
	if files, err := os.ReadDir(in("draws")); err != nil || len(files) != 6 || files[0].Name() != "1.png" {
		t.Errorf("draws: %v, %v", files, err)
	}
	for call, want := range map[string]string{
		"sample " + model + " -n 5 -o " + in("draws") + "/": "the folder is not empty",
		"sample " + model + " -n 5":                         "must name a folder",
		"score " + model + " " + in("new"):                  "holds 255, expected 0 to 4",
		"score " + model + " " + in("t.npy") + " --keep":    "--keep: has no meaning for pictures",
		"anomaly " + model + " " + in("t.npy"):              "no p-value below",
		"fit " + in("new") + " -o " + in("m2"):              "found 9 pictures, expected at least 50",
		"fit " + in("t.npy") + " -o x --condition-on label": "--condition-on: has no meaning for pictures",
		"eval " + model + " " + in("page.html"):             "this is no NPY array",
	} {
		status, _, notes := shell(t, "", append(strings.Fields(call), "--engine", "go")...)
		if status == 0 || !strings.Contains(notes, want) {
			t.Errorf("%s: status %d, %s: expected %s", call, status, notes, want)
		}
	}
	if _, err := os.Stat(in("m2")); err == nil {
		t.Error("a refused fit left a folder")
	}
}
