package flow_test

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/flow"
)

// The list is what a built flow has, whatever its parts.
func TestVariablesAreThoseOfTheModel(t *testing.T) {
	for name, c := range layouts() {
		m, err := c.NewModel(backendtest.Open(t))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var want []flow.Variable
		for v := range m.Store().Scope("/flow").IterVariables() {
			want = append(want, flow.Variable{Path: v.Path(), Shape: append([]int{}, v.Shape().Dimensions...), Trained: v.Trainable})
		}
		slices.SortFunc(want, func(a, b flow.Variable) int { return strings.Compare(a.Path, b.Path) })
		got, err := c.Variables()
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v, want %v, %v", name, got, want, err)
		}
	}
}

// layouts are flows with every part that has variables.
func layouts() map[string]flow.Config {
	all := map[string]flow.Config{}
	for _, name := range append(slices.Sorted(maps.Keys(flow.Zoo)), "nsf+actnorm+lu+mixture") {
		c, err := flow.Named(name, 5)
		if err != nil {
			panic(err)
		}
		c.Layers, c.Hidden = 2, []int{4, 3}
		all[name] = c
	}
	change := func(name string, change func(c *flow.Config)) {
		c := flow.RealNVP(3)
		c.Layers, c.Hidden = 2, []int{4, 4}
		change(&c)
		all[name] = c
	}
	change("one feature", func(c *flow.Config) { c.Features = 1 })
	change("one feature, context", func(c *flow.Config) { c.Features, c.Context = 1, 2 })
	change("context", func(c *flow.Config) { c.Context = 2 })
	change("residual", func(c *flow.Config) { c.Residual = true })
	change("linear", func(c *flow.Config) { c.Hidden = nil })
	change("halves", func(c *flow.Config) { c.Mask = "halves" })
	change("random", func(c *flow.Config) { c.Mask = "random" })
	change("diagnormal", func(c *flow.Config) { c.Base = "diagnormal" })
	change("mixture", func(c *flow.Config) { c.Base, c.Components = "mixture", 3 })
	change("student", func(c *flow.Config) { c.Base, c.Freedom = "student", 3 })
	change("uniform", func(c *flow.Config) { c.Base = "uniform" })
	change("places beyond 99", func(c *flow.Config) { c.Layers, c.Hidden, c.LU, c.ActNorm = 35, nil, true, true })
	return all
}
