package tree

import (
	"strings"
	"testing"
)

// Errors say where in the tree, what was found and what was expected.
func TestReadRefuses(t *testing.T) {
	for text, want := range map[string]string{
		`{`:                                  "root: found {, expected",
		`{}`:                                 "root.shape: is missing, expected a part",
		`{"shape":null}`:                     "root.shape: found null, expected a part",
		`{"shape":{"cube":{}}}`:              `root.shape: found "cube", expected an object of one key, one of "forgetful", "group", "picky", "square" (a type of one's own is known to programs that register it)`,
		`{"shape":{"stray":{}}}`:             `root.shape: found "stray", expected`,
		`{"shape":{}}`:                       "root.shape: found {}, expected an object of one key",
		`{"shape":{"square":{},"x":1}}`:      "expected an object of one key",
		`{"shape":{"square":{}}}`:            "root.shape.square.side: is missing, expected a number",
		`{"shape":{"square":{"side":"3"}}}`:  `root.shape.square.side: found "3", expected a number`,
		`{"shape":{"square":{"side":null}}}`: "root.shape.square.side: found null, expected a number",
		`{"shape":{"square":{"side":3,"depth":1}}}`:                `root.shape.square: found the field "depth", expected none but side, name`,
		`{"shape":{"group":{"parts":[{"square":{"side":true}}]}}}`: "root.shape.group.parts[0].square.side: found true, expected a number",
		`{"shape":{"group":{"parts":7}}}`:                          "root.shape.group.parts: found 7, expected a list",
		`{"shape":{"picky":[0]}}`:                                  "root.shape.picky.inner: found 0",
		`{"shape":{"picky":[]}}`:                                   "root.shape.picky: runtime error: index out of range",
		`{"shape":{"picky":[1,"2"]}}`:                              `root.shape.picky[1]: found "2", expected a whole number`,
	} {
		var out root
		if err := Read("root", []byte(text), &out); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v, expected %s", text, err, want)
		}
	}
}

// deep is a square within so many groups.
func deep(groups int) shape {
	var s shape = square{}
	for range groups {
		s = &group{parts: []shape{s}}
	}
	return s
}

// A tree may be MaxDepth parts deep and have MaxParts, and neither is written nor read
// beyond. A part within itself has no end.
func TestLimits(t *testing.T) {
	wide := func(parts int) shape {
		g := &group{}
		for range parts - 1 {
			g.parts = append(g.parts, square{})
		}
		return g
	}
	for _, s := range []shape{deep(MaxDepth - 1), wide(MaxParts)} {
		var out root
		if err := Read("root", write(t, s), &out); err != nil {
			t.Error(err)
		}
	}
	cycle := &group{}
	cycle.parts = []shape{cycle}
	for name, s := range map[string]shape{"deep": deep(MaxDepth), "wide": wide(MaxParts + 1), "within itself": cycle} {
		if _, err := Write("root", &root{Of[shape]{Part: s}}); err == nil || !strings.Contains(err.Error(), "more than 4096 parts, or 32 within each other") {
			t.Errorf("%s was written: %v", name, err)
		}
	}
	part := func(inner string) string { return `{"group":{"parts":[` + inner + `]}}` }
	text := `{"square":{"side":1}}`
	for range MaxDepth {
		text = part(text)
	}
	many := part(strings.TrimSuffix(strings.Repeat(`{"square":{"side":1}},`, MaxParts), ","))
	for name, text := range map[string]string{"deep": text, "wide": many} {
		var out root
		if err := Read("root", []byte(`{"shape":`+text+`}`), &out); err == nil || !strings.Contains(err.Error(), "found more than 4096 parts, or 32 within each other, expected fewer") {
			t.Errorf("%s was read: %v", name, err)
		}
	}
	list := part(strings.TrimSuffix(strings.Repeat(`0,`, maxList+1), ","))
	var out root
	if err := Read("root", []byte(`{"shape":`+list+`}`), &out); err == nil || !strings.Contains(err.Error(), "parts") {
		t.Errorf("a long list was read: %v", err)
	}
}
