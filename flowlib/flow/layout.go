package flow

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"normflow/internal/names"
)

// Variable is the name and shape of a variable of a flow.
type Variable struct {
	Path    string
	Shape   []int
	Trained bool // false for variables fixed when the model is made or initialized
}

// Variables returns the variables of the flow of c, sorted by path, without building
// it. docs/format.md describes each of them.
func (c Config) Variables() ([]Variable, error) {
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("flow: %w", err)
	}
	var l layout
	place := 0 // index in the chain
	for i := range c.Layers {
		l.at(place)
		l.coupling(c, i)
		place++
		if d := c.Features; c.LU {
			l.at(place)
			l.add("lu", true, d, d)
			l.add("permutation", false, d, d)
			l.add("sign", false, d)
			place++
		}
		if c.ActNorm {
			l.at(place)
			l.add(names.Initialized, false)
			l.add("log_scale", true, c.Features)
			l.add("shift", true, c.Features)
			place++
		}
	}
	l.prefix = names.BasePrefix
	switch c.Base {
	case "diagnormal":
		l.add("location", true, c.Features)
		l.add("log_scale", true, c.Features)
	case "mixture":
		l.add(names.Initialized, false)
		l.add("log_scales", true, c.Components, c.Features)
		l.add("logits", true, c.Components)
		l.add("means", true, c.Components, c.Features)
	}
	slices.SortFunc(l.variables, func(a, b Variable) int { return strings.Compare(a.Path, b.Path) })
	return l.variables, nil
}

type layout struct {
	prefix    string
	variables []Variable
}

func (l *layout) at(place int) { l.prefix = fmt.Sprintf("%s"+names.Place+"/", names.FlowPrefix, place) }

func (l *layout) add(name string, trained bool, shape ...int) {
	l.variables = append(l.variables, Variable{l.prefix + name, append([]int{}, shape...), trained})
}

// dense adds a dense layer of a conditioner.
func (l *layout) dense(name string, inputs, outputs int) {
	l.add("conditioner/"+name+"/weights", true, inputs, outputs)
	l.add("conditioner/"+name+"/biases", true, outputs)
}

// coupling adds the conditioner of coupling layer i.
func (l *layout) coupling(c Config, i int) {
	moving := c.moving(i)
	width := max(c.Features-moving+c.Context, 1) // with nothing to condition on, the network reads a constant 1
	if c.Residual {
		l.dense("in", width, c.Hidden[0])
		width = c.Hidden[0]
		for k := range c.Hidden {
			block := "block_" + strconv.Itoa(k)
			l.dense(block+"/hidden_0", width, width)
			l.dense(block+"/hidden_1", width, width)
		}
	} else {
		for k, hidden := range c.Hidden {
			l.dense("hidden_"+strconv.Itoa(k), width, hidden)
			width = hidden
		}
	}
	l.dense("out", width, c.transform().NumParameters()*moving)
}

// numbers returns how many values the variables have, and how many of those are
// trained.
func numbers(variables []Variable) (all, trained int64) {
	for _, v := range variables {
		n := int64(1)
		for _, dim := range v.Shape {
			n *= int64(dim)
		}
		all += n
		if v.Trained {
			trained += n
		}
	}
	return all, trained
}
