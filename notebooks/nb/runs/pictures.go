package runs

import (
	"fmt"

	"github.com/janpfeifer/must"

	"normflow/flowlib/experiment"
	"normflow/flowlib/figure"
	"normflow/flowlib/fit"
	"normflow/flowlib/flow"
	"normflow/notebooks/nb"
)

// Curves returns the training curve of a run as log-likelihood, with the negative entropy
// as the limit.
func Curves(r *experiment.Result, name string) figure.CurvePanel {
	panel := CurvePanel(name, r.Fit.Curve)
	panel.Limit = &figure.Mark{Name: "−entropy", Value: -r.Entropy}
	return panel
}

// CurvePanel returns a training curve as log-likelihood.
func CurvePanel(name string, curve []fit.Point) figure.CurvePanel {
	panel := figure.CurvePanel{Name: name}
	for _, p := range curve {
		panel.Training = append(panel.Training, []float64{float64(p.Step), -p.Train})
		panel.Validation = append(panel.Validation, []float64{float64(p.Step), -p.Valid})
	}
	return panel
}

// LearnedDensity returns the density of a run's flow over the same window.
func LearnedDensity(r *experiment.Result, name string) figure.DensityPanel {
	return nb.DensityPanel(must.M1(r.Scorer()), r.Density.Box, name, nil)
}

// DrawsInWindow returns n draws of a run's flow over the same window.
func DrawsInWindow(r *experiment.Result, name string, n int) figure.DensityPanel {
	box := r.Density.Box
	return figure.DensityPanel{
		Name: name, Overlay: must.M1(r.Model.Sample(1, n)),
		XMin: box[0][0], XMax: box[0][1], YMin: box[1][0], YMax: box[1][1],
	}
}

// ForwardStages sends latents through the flow: a panel for z and one for each coupling
// layer, the last being data in standardized units. It omits the scaler, which only
// shifts and stretches the axes.
func ForwardStages(m *flow.Model, z [][]float64) []figure.Stage {
	states := must.M1(m.Forward(z))[:m.Flow().Couplings()+1]
	stages := make([]figure.Stage, len(states))
	for i, points := range states {
		stages[i] = figure.Stage{Name: fmt.Sprintf("layer %d", i), Points: points}
	}
	stages[0].Name, stages[0].Latent = "latent z", true
	stages[len(stages)-1].Name = "data x"
	return stages
}

// InverseStages sends data back: a panel for x in standardized units and one for each
// coupling layer undone, the last being the latents. It also returns the latents, whose
// angles color the points.
func InverseStages(m *flow.Model, x [][]float64) (stages []figure.Stage, latents [][]float64) {
	states := must.M1(m.Inverse(x))
	states = states[len(states)-m.Flow().Couplings()-1:]
	stages = make([]figure.Stage, len(states))
	for i, points := range states {
		stages[i] = figure.Stage{Name: fmt.Sprintf("undo %d", m.Flow().Couplings()+1-i), Points: points}
	}
	last := len(stages) - 1
	stages[0].Name = "data x"
	stages[last].Name, stages[last].Latent = "latent z", true
	return stages, states[last]
}

// Grid returns the panels of a warped grid: the regular grid over [-2.5, 2.5]² in latent
// space, and its images after each coupling layer of the flow.
func Grid(m *flow.Model) []figure.GridPanel {
	const lines, points, half = 17, 81, 2.5
	at := func(i, n int) float64 { return half * (2*float64(i)/float64(n-1) - 1) }
	var z [][]float64 // all horizontal lines, then all vertical ones
	for i := range lines {
		for j := range points {
			z = append(z, []float64{at(j, points), at(i, lines)})
		}
	}
	for i := range lines {
		for j := range points {
			z = append(z, []float64{at(i, lines), at(j, points)})
		}
	}
	states := must.M1(m.Forward(z))[:m.Flow().Couplings()+1]
	panels := make([]figure.GridPanel, len(states))
	for s, state := range states {
		panels[s].Name = fmt.Sprintf("after layer %d", s)
		for line := range 2 * lines {
			part := state[line*points : (line+1)*points]
			if line < lines {
				panels[s].Horizontal = append(panels[s].Horizontal, part)
			} else {
				panels[s].Vertical = append(panels[s].Vertical, part)
			}
		}
	}
	panels[0].Name = "latent z"
	return panels
}
