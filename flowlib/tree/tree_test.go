package tree

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// shape is the interface of the parts.
type shape interface{ area() float64 }

type square struct {
	Side float64 `json:"side"`
	Name string  `json:"name,omitempty"`
}

func (s square) area() float64 { return s.Side * s.Side }

// group holds parts in fields that it does not show.
type group struct {
	parts []shape
	first shape
}

func (g *group) area() (sum float64) {
	for _, p := range g.parts {
		sum += p.area()
	}
	return sum
}

type groupForm struct {
	Parts []Of[shape] `json:"parts"`
	First *Of[shape]  `json:"first,omitempty"`
}

// nameless has no name, forgetful a number that encoding/json does not see.
type nameless struct{ square }
type forgetful struct {
	square
	hidden int
}

// picky builds none but positive ones.
type picky int

func (picky) area() float64 { return 0 }

func init() {
	Register[square]("square")
	RegisterAs("group", func(g *group) groupForm {
		f := groupForm{Parts: List(g.parts)}
		if g.first != nil {
			f.First = &Of[shape]{Part: g.first}
		}
		return f
	}, func(f groupForm) (*group, error) {
		g := &group{parts: Parts(f.Parts)}
		if f.First != nil {
			g.first = f.First.Part
		}
		return g, nil
	})
	Register[*forgetful]("forgetful")
	RegisterAs("picky", func(p picky) []int { return []int{int(p)} }, func(f []int) (picky, error) {
		if f[0] == 0 { // which panics where there is none
			return 0, At("inner", fmt.Errorf("found 0"))
		}
		return picky(f[0]), nil
	})
	Register[stray]("stray")
}

// stray is registered, but is no shape.
type stray struct{}

type root struct {
	Shape Of[shape] `json:"shape"`
}

func write(t *testing.T, s shape) []byte {
	t.Helper()
	text, err := Write("root", &root{Of[shape]{Part: s}})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestThereAndBack(t *testing.T) {
	in := &group{first: square{Side: 2}, parts: []shape{square{3, "big"}, &group{}, picky(4)}}
	text := write(t, in)
	const want = `{"shape":{"group":{"parts":[{"square":{"side":3,"name":"big"}},{"group":{"parts":null}},{"picky":[4]}],"first":{"square":{"side":2}}}}}`
	if string(text) != want {
		t.Errorf("wrote %s, expected %s", text, want)
	}
	var out root
	if err := Read("root", text, &out); err != nil || !reflect.DeepEqual(out.Shape.Part, shape(in)) {
		t.Errorf("read %+v, %v", out.Shape.Part, err)
	}
}

func TestRegisteringTwice(t *testing.T) {
	for want, register := range map[string]func(){
		`the name "square" for int is taken by tree.square`: func() { Register[int]("square") },
		`tree.square is registered as "square" already`:     func() { Register[square]("cube") },
		`the name "" for int is taken`:                      func() { Register[int]("") },
	} {
		func() {
			defer func() {
				if said := fmt.Sprint(recover()); !strings.Contains(said, want) {
					t.Errorf("panicked with %s, expected %s", said, want)
				}
			}()
			register()
		}()
	}
	if got := fmt.Sprint(names[shape]()); got != "[forgetful group picky square]" {
		t.Errorf("the names of shapes are %s", got)
	}
}

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

func TestWriteRefuses(t *testing.T) {
	for want, s := range map[string]shape{
		"root.shape: found nil, expected one of [forgetful group":                           nil,
		"root.shape: a tree.nameless cannot be written down, it has no name":                nameless{},
		"root.shape.group.parts[1]: a tree.nameless":                                        &group{parts: []shape{square{}, nameless{}}},
		"root.shape.group.parts[0].square: cannot be written down: json: unsupported value": &group{parts: []shape{square{Side: inf}}},
	} {
		if _, err := Write("root", &root{Of[shape]{Part: s}}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, expected %s", err, want)
		}
	}
}

var inf = 1e308 * func() float64 { return 10 }()

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

// A number that the form does not hold would be lost.
func TestWhatIsHiddenIsNotSaved(t *testing.T) {
	_, err := Write("root", &root{Of[shape]{Part: &forgetful{square{Side: 1}, 7}}})
	if err == nil || !strings.Contains(err.Error(), "is not all that this *tree.forgetful holds") {
		t.Errorf("got %v", err)
	}
}
