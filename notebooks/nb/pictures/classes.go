package pictures

import (
	"fmt"
	"math"
	"slices"

	"github.com/janpfeifer/must"

	"normflow/flowlib/figure"
	"normflow/flowlib/imageset"
	"normflow/notebooks/nb/runs"
)

// given appends to each of the latents a class, one after the other from 0 on, if the flow
// has classes.
func (f Fitted) given(z [][]float64) [][]float64 {
	if f.Config.Classes == 0 {
		return z
	}
	for i := range z {
		class := make([]float64, f.Config.Classes)
		class[i%f.Config.Classes] = 1
		z[i] = append(slices.Clip(z[i]), class...)
	}
	return z
}

// Asked is what a flow drew when it was asked for classes.
type Asked struct {
	Drawn   *imageset.Set // n of each class in turn, with the class asked for as label
	Like    float64       // share of them that look most like a training picture of that class
	Of      int
	Classes int
}

// Ask draws n pictures of each class at a temperature.
func (f Fitted) Ask(n int, temperature float64) Asked {
	z := Latents(n*f.Config.Classes, f.Config.Image.Features(), 3)
	for _, row := range z {
		for j := range row {
			row[j] *= temperature
		}
	}
	a := Asked{Drawn: f.Draw(f.given(z)), Of: len(z), Classes: f.Config.Classes}
	for i := range z {
		a.Drawn.Labels = append(a.Drawn.Labels, i%a.Classes)
	}
	a.Like = f.Parts.Train.Recognized(a.Drawn)
	return a
}

// Panel shows n rows of one picture of each class.
func (a Asked) Panel(n int) figure.PicturePanel { return Sheet("", a.Drawn, n*a.Classes, a.Classes) }

// String says how many were recognized.
func (a Asked) String() string {
	return fmt.Sprintf("%.0f of %d draws look most like a training digit of the class asked for (%.0f %%)", math.Round(a.Like*float64(a.Of)), a.Of, 100*a.Like)
}

// Told says how many of the first n test pictures the flow tells the class of, by Bayes'
// rule with equal priors: the class under which the picture is likeliest. It says the same
// of the nearest training picture.
func (f Fitted) Told(n int) string {
	test := f.Parts.Test
	n = min(n, test.Len())
	var rows [][]float64
	some := test.Take(upTo(n))
	for _, row := range middles(some) {
		for class := range f.Config.Classes {
			given := append(slices.Clone(row), make([]float64, f.Config.Classes)...)
			given[len(row)+class] = 1
			rows = append(rows, given)
		}
	}
	logProb := must.M1(f.model(runs.Backend()).LogProb(rows))
	byFlow := 0
	for i := range n {
		of := logProb[i*f.Config.Classes : (i+1)*f.Config.Classes]
		if slices.Index(of, slices.Max(of)) == test.Labels[i] {
			byFlow++
		}
	}
	return fmt.Sprintf("of %d new digits the flow tells %d, the nearest training digit %.0f", n, byFlow, math.Round(float64(n)*f.Parts.Train.Recognized(some)))
}

func upTo(n int) []int {
	at := make([]int, n)
	for i := range at {
		at[i] = i
	}
	return at
}
