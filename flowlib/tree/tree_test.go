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

var inf = 1e308 * func() float64 { return 10 }()
