package main

import (
	"encoding/json"
	"strings"
	"testing"

	"normflow/flowlib/flow"
)

func TestShow(t *testing.T) {
	var d shown
	if err := json.Unmarshal([]byte(must(t, "show", version3, "--json")), &d); err != nil {
		t.Fatal(err)
	}
	s, err := flow.Read(version3)
	if err != nil {
		t.Fatal(err)
	}
	if d.Parameters != 217 || d.Config.Layers != 3 || len(d.Variables) != len(s.Weights) || d.SHA256 != s.SHA256 || string(d.Training) != `{"steps":7}` || d.Name != "nsf+plain" {
		t.Errorf("got %+v", d)
	}
	text := must(t, "show", version3)
	for _, want := range []string{"nsf+plain, 3 coupling layers, 2 features", "217 of Float32", "engine          fast (", " threads)", s.WeightsSHA256, s.SHA256, "steps           7", "format 3", `"halves"`} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %q in\n%s", want, text)
		}
	}
}

// A flow that no config makes is shown as the tree of its parts.
func TestShowTree(t *testing.T) {
	text := must(t, "show", "../../flowlib/flow/testdata/version5")
	for _, want := range []string{"custom, 2 coupling layers, 2 features, 1 columns", "engine          GoMLX, on XLA where there is a plugin, else in pure Go: ", "97 of Float32", "format 5", "mixture", "chain", "settings"} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %q in\n%s", want, text)
		}
	}
	var d shown
	if err := json.Unmarshal([]byte(must(t, "show", "../../flowlib/flow/testdata/version5", "--json")), &d); err != nil || d.Config != nil || d.Settings.Context != 1 || !strings.Contains(string(d.Flow), `"actnorm"`) {
		t.Errorf("got %+v, %v", d, err)
	}
}

// A mixture is shown by its members, and by the maps before them.
func TestShowMixture(t *testing.T) {
	const version6 = "../../flowlib/flow/testdata/version6"
	text := must(t, "show", version6)
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
	if err := json.Unmarshal([]byte(must(t, "show", version6, "--json")), &d); err != nil {
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
