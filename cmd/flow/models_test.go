package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"normflow/flowlib/dataset"
	"normflow/flowlib/flow"
)

const version3 = "../../flowlib/flow/testdata/version3"

// stdout is what a command prints, which must end well.
func stdout(t *testing.T, args ...string) string {
	t.Helper()
	var b bytes.Buffer
	root := newRoot()
	root.SetOut(&b)
	root.SetArgs(args)
	if err := root.ExecuteContext(context.Background()); err != nil {
		t.Fatalf("flow %s: %v", strings.Join(args, " "), err)
	}
	return b.String()
}

func TestDataListHasThemAll(t *testing.T) {
	var list []density
	if err := json.Unmarshal([]byte(stdout(t, "data", "list", "--json")), &list); err != nil {
		t.Fatal(err)
	}
	text := stdout(t, "data", "list")
	for i, d := range dataset.Densities() {
		if list[i] != (density{d.Name, d.Features, d.Entropy}) || !strings.Contains(text, "\n"+d.Name+" ") || !strings.Contains(text, strconv.FormatFloat(d.Entropy, 'f', 6, 64)) {
			t.Errorf("%s: got %+v, and in\n%s", d.Name, list[i], text)
		}
	}
}

// What is written is what the library draws, whatever their number.
func TestDataSample(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d.csv")
	said := stdout(t, "data", "sample", "rings", "-n", "5000", "--seed", "3", "-o", path, "--json")
	if want := `{"name":"rings","features":2,"entropy":2.623183,"count":5000,"seed":3,"out":` + strconv.Quote(path) + "}\n"; said != want {
		t.Errorf("said %s, want %s", said, want)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) != 5001 || strings.Join(rows[0], ",") != "x,y" {
		t.Fatalf("got %d rows, %v", len(rows), err)
	}
	for i, want := range dataset.Rings().Sample(3, 5000) {
		for j := range want {
			if got, err := strconv.ParseFloat(rows[i+1][j], 64); err != nil || got != want[j] {
				t.Fatalf("row %d is %v, want %v", i, rows[i+1], want)
			}
		}
	}
}

func TestShow(t *testing.T) {
	var d shown
	if err := json.Unmarshal([]byte(stdout(t, "show", version3, "--json")), &d); err != nil {
		t.Fatal(err)
	}
	s, err := flow.Read(version3)
	if err != nil {
		t.Fatal(err)
	}
	if d.Parameters != 217 || d.Config.Layers != 3 || len(d.Variables) != len(s.Weights) || d.SHA256 != s.SHA256 || string(d.Training) != `{"steps":7}` || d.Name != "nsf+plain" {
		t.Errorf("got %+v", d)
	}
	text := stdout(t, "show", version3)
	for _, want := range []string{"nsf+plain, 3 coupling layers, 2 features", "217 of Float32", "engine          fast (", " threads)", s.WeightsSHA256, s.SHA256, "steps           7", "format 3", `"halves"`} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %q in\n%s", want, text)
		}
	}
}

// A flow that no config makes is shown as the tree of its parts.
func TestShowTree(t *testing.T) {
	text := stdout(t, "show", "../../flowlib/flow/testdata/version5")
	for _, want := range []string{"custom, 2 coupling layers, 2 features, 1 columns", "engine          GoMLX, on XLA where there is a plugin, else in pure Go: ", "97 of Float32", "format 5", "mixture", "chain", "settings"} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %q in\n%s", want, text)
		}
	}
	var d shown
	if err := json.Unmarshal([]byte(stdout(t, "show", "../../flowlib/flow/testdata/version5", "--json")), &d); err != nil || d.Config != nil || d.Settings.Context != 1 || !strings.Contains(string(d.Flow), `"actnorm"`) {
		t.Errorf("got %+v, %v", d, err)
	}
}

// A mixture is shown by its members, and by the maps before them.
func TestShowMixture(t *testing.T) {
	const version6 = "../../flowlib/flow/testdata/version6"
	text := stdout(t, "show", version6)
	for _, want := range []string{
		"mixture, 2 coupling layers, 2 features", "36 of Float32, in 8 variables", "format 6",
		"members         1 × gaussian, together 25.0 %, each of 0 coupling layers and 0 parameters\n", "members         1 × realnvp, together 75.0 %",
		"column          1, positive\n", "column          2, periodic\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %q in\n%s", want, text)
		}
	}
	var d shown
	if err := json.Unmarshal([]byte(stdout(t, "show", version6, "--json")), &d); err != nil {
		t.Fatal(err)
	}
	if len(d.Members) != 2 || d.Members[1].Weight != 0.75 || d.Maps[1].High != 24 || !strings.HasPrefix(d.Variables[0].Path, "/members/001/flow/00/") {
		t.Errorf("got %+v", d)
	}
}

// A record may hold anything; long lists are cut, and no control character gets out.
func TestOutline(t *testing.T) {
	var b strings.Builder
	text := "{\"z\":{\"a\":1,\"b\":[1,2]},\"y\":\"\\u001b[31m\",\"x\":[1,2,3,4,5,6,7,8,9],\"e\":{},\"n\":null,\"\\u001bk\":[\"\\u009b\"]}"
	if err := outline(&b, json.RawMessage(text), "  "); err != nil {
		t.Fatal(err)
	}
	want := `  z
    a             1
    b             [1,2]
  y               "\x1b[31m"
  x               [1, … 9] (9)
  e               {}
  n               null
  \x1bk           ["\u009b"]
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
	if got := compact(json.RawMessage("[\"\u009b\"]")); got != `["?"]` {
		t.Errorf("got %q", got)
	}
}

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
