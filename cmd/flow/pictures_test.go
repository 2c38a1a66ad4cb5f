package main

import (
	"encoding/json"
	"fmt"
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
	keys(t, r, "model kind program created source fingerprint config split reasons engine fit result valid test held_out")
	r = object("eval", model, in("t.npy"), "-o", in("page.html"), "--engine", "go")
	if bits, _ := r["bits_per_dim"].(float64); !(bits > 1.5 && bits < 4) {
		t.Errorf("bits per dimension %g", bits)
	}
	if page, err := os.ReadFile(in("page.html")); err != nil || strings.Count(string(page), "data:image/png") != 4 {
		t.Errorf("page: %v", err)
	}
	object("score", model, in("t.npy"), "-o", in("s.csv"), "--engine", "go")
	if text, err := os.ReadFile(in("s.csv")); err != nil || strings.Count(string(text), "\n") != 61 || !strings.HasPrefix(string(text), "picture,log_prob,bits_per_dim,p_value\n0,") {
		t.Errorf("scores: %v, %.80s", err, text)
	}
	r = object("anomaly", model, in("t.npy"), "--false-alarm", "0.5", "--engine", "go")
	keys(t, r, "model pictures bits_per_dim standard_error draws bits_per_dim_held_out engine same_pictures false_alarm calibrated flagged flagged_pictures least_false_alarm promised strangest")
	if r["same_pictures"] != true || r["promised"] != true || len(r["flagged_pictures"].([]any)) == 0 {
		t.Errorf("%v", r)
	}
	if r = object("anomaly", model, in("t.npy"), "--engine", "go"); r["promised"] != false || r["flagged"] != 0. || len(r["strangest"].([]any)) != 10 {
		t.Errorf("%v", r)
	}
	object("anomaly", model, in("t.npy"), "--page", in("heat.html"), "--engine", "go")
	if page, err := os.ReadFile(in("heat.html")); err != nil || strings.Count(string(page), "data:image/png") != 20 || !strings.Contains(string(page), "hottest: row ") {
		t.Errorf("page of anomalies: %v, %.800s", err, page)
	}
	object("sample", model, "-n", "5", "-o", in("draws")+"/", "--engine", "go")
	if files, err := os.ReadDir(in("draws")); err != nil || len(files) != 6 || files[0].Name() != "1.png" {
		t.Errorf("draws: %v, %v", files, err)
	}
	r = object("show", model)
	if r["name"] != "glow over pictures of 2×2 pixels, gray, 5 levels" || r["coupling_layers"] != 5. || !strings.HasSuffix(r["engine"].(string), "pure Go: the engine fast has no layers for pictures") {
		t.Errorf("shown as %v of %v coupling layers, engine %v", r["name"], r["coupling_layers"], r["engine"])
	}
	if r = object("export", model, "-o", in("w.npz")); r["name"] != "glow over pictures of 2×2 pixels, gray, 5 levels" {
		t.Errorf("exported as %v", r["name"])
	}
	if status, _, said := shell(t, "", "export", model, "-o", in("m.onnx")); status != 1 || !strings.Contains(said, "ONNX files hold no layers for pictures yet: .npz and .safetensors hold") {
		t.Errorf("exported as a graph: status %d, %s", status, said)
	}
	classes := strings.Repeat("b\na\nb\n", 20)
	if err := os.WriteFile(in("y.csv"), []byte(classes), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(in("few.csv"), []byte(classes[6:]), 0o600); err != nil {
		t.Fatal(err)
	}
	r = object("fit", in("t.npy"), "-o", in("mc"), "--condition-on", in("y.csv"), "--steps", "2", "--engine", "go")
	keys(t, r, "model kind program created source fingerprint config split reasons engine classes shares fit result given_class valid test held_out")
	object("score", in("mc"), in("t.npy"), "-o", in("c.csv"), "--engine", "go")
	if text, err := os.ReadFile(in("c.csv")); err != nil || !strings.HasPrefix(string(text), "picture,log_prob,bits_per_dim,p_value,class,class_probability\n0,") {
		t.Errorf("scores: %v, %.80s", err, text)
	}
	object("anomaly", in("mc"), in("t.npy"), "--page", in("heatc.html"), "--engine", "go")
	r = object("sample", in("mc"), "-n", "9", "-o", in("classes")+"/", "--engine", "go")
	if files, err := os.ReadDir(in("classes")); err != nil || len(files) != 10 || files[0].Name() != "1-a.png" && files[0].Name() != "1-b.png" || r["classes"] == nil {
		t.Errorf("draws of classes: %v, %v, %v", files, err, r)
	}
	if r = object("sample", in("mc"), "-n", "3", "-o", in("b.npy"), "--condition", "class=b", "--engine", "go"); fmt.Sprint(r["classes"]) != "[map[class:b pictures:3]]" {
		t.Errorf("draws of one class: %v", r)
	}
	for call, want := range map[string]string{
		"sample " + in("mc") + " -n 3 -o " + in("n.png") + " --condition class=c":     "there is no class \"c\"",
		"sample " + in("mc") + " -n 3 -o " + in("n.png") + " --condition c":           "as in class=3, found \"c\"",
		"sample " + model + " -n 3 -o " + in("n.png") + " --condition class=c":        "knows no classes",
		"fit " + in("t.npy") + " -o " + in("m2") + " --condition-on " + in("few.csv"): "rows, expected a class for each of 60 pictures",
		"fit " + in("t.npy") + " -o " + in("m2") + " --condition-on a,b":              "expected a table of the class of each picture, found \"a,b\"",
		"fit " + in("t.npy") + " -o " + in("m2") + " --condition-on " + in("no.csv"):  "no.csv: there is no such file",
		"sample " + model + " -n 5 -o " + in("draws") + "/":                           "the folder is not empty",
		"sample " + model + " -n 5":                      "must name a folder",
		"score " + model + " " + in("new"):               ", expected 0 to 4, the levels of the pictures",
		"score " + model + " " + in("t.npy") + " --keep": "--keep: has no meaning for pictures",
		"fit " + in("new") + " -o " + in("m2"):           "found 9 pictures, expected at least 50",
		"fit " + in("t.npy") + " -o x --columns a":       "--columns: has no meaning for pictures",
		"eval " + model + " " + in("page.html"):          "since the model ",

		"anomaly " + model + " " + in("t.npy") + " --false-alarm 0":          "--false-alarm: expected a share of the normal pictures between 0 and 1, found 0",
		"anomaly " + model + " " + in("t.npy") + " --false-alarm NaN":        "between 0 and 1, found NaN",
		"fit " + in("t.npy") + " -o x --steps -5":                            "expected at least 1 step, found -5",
		"fit " + in("new") + " -o " + in("new") + "/model":                   "lies in the folder to read",
		"eval " + model + " " + in("t.npy") + " -o " + in("t.npy"):           "is the file to read and the one to write",
		"eval " + model + " " + in("t.npy") + " -o -":                        "name a file for the page",
		"score " + model + " " + in("new") + " -o " + in("new") + "/s.csv":   "lies in the folder to read",
		"anomaly " + model + " " + in("t.npy") + " -o " + model + "/s.csv":   "lies in the folder of the model",
		"anomaly " + model + " " + in("t.npy") + " --page a.csv -o a.csv":    "--page and --out (-o) name the same file, a.csv",
		"anomaly " + in("s.csv") + " " + in("s.csv") + " --page a.html":      "--page: a page of anomalies is for pictures",
		"anomaly " + model + " " + in("t.npy") + " --page " + in("t.npy"):    "is the file to read and the one to write",
		"sample " + model + " -n 5 -o " + model + "/s.png":                   "lies in the folder of the model",
		"sample " + model + " -n 5 -o " + in("n.png") + " --temperature NaN": "temperature",
		"sample " + model + " -n 9999999999 -o " + in("n.png"):               "expected 1 to 268435456 pictures",
	} {
		status, _, notes := shell(t, "", append(strings.Fields(call), "--engine", "go")...)
		wrong := strings.Contains(call, "-alarm") || strings.Contains(call, " a.") || strings.Contains(call, "-5") || strings.Contains(call, " a,b") || strings.HasSuffix(call, "-condition c") || strings.Contains(call, "-columns") || strings.Contains(call, "--keep") || strings.HasSuffix(call, "-n 5") || strings.HasSuffix(call, " -")
		if (status == 2) != wrong || status == 0 || !strings.Contains(notes, want) {
			t.Errorf("%s: status %d, %s: expected %s", call, status, notes, want)
		}
	}
	if _, err := os.Stat(in("m2")); err == nil {
		t.Error("a refused fit left a folder")
	}
}
