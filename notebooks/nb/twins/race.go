package twins

import (
	"fmt"
	"math"

	"github.com/janpfeifer/must"

	"normflow/flowlib/experiment"
	"normflow/flowlib/figure"
	"normflow/notebooks/nb"
	"normflow/notebooks/nb/measured"
	"normflow/notebooks/nb/runs"
)

// Race is a training on the fast engine, whose steps other engines make at their own
// pace.
type Race struct {
	Curve   []KLPoint
	Target  float64 // KL to reach, nats
	Paces   []measured.Pace
	Result  *experiment.Result
	Missing string // what has not been measured
}

// KLPoint is a point of a curve: KL(p‖q) on the validation events, in nats.
type KLPoint struct {
	Steps int
	KL    float64
}

// NewRace trains on moons10 with the given number of coupling layers by the fast engine,
// or takes a training that was finished before.
func NewRace(layers int, target float64, s measured.Speeds) Race {
	cfg := runs.Experiment("moons10", layers, 0)
	cfg.Fit.EvalEvery = max(1, min(50, cfg.Fit.Steps/20))
	r := runs.Train(cfg)
	return Race{Curve: klCurve(r), Target: target, Paces: s.Paces(), Result: r, Missing: s.Missing()}
}

// klCurve turns validation NLLs into KLs: the mean of log p - log q over the same events,
// in which the noise of the entropy cancels.
func klCurve(r *experiment.Result) (curve []KLPoint) {
	truth := 0.0
	for _, lp := range r.Density.LogProb(r.Data.Valid) {
		truth += lp / float64(len(r.Data.Valid))
	}
	for _, p := range r.Fit.Curve {
		curve = append(curve, KLPoint{p.Step, truth + p.Valid})
	}
	return curve
}

// Steps returns the first step of the curve at which the target is reached, and whether
// it is reached.
func (r Race) Steps() (steps int, ok bool) {
	for _, p := range r.Curve {
		if p.KL <= r.Target {
			return p.Steps, true
		}
	}
	return 0, false
}

// Chart draws the least KL so far, that of the weights which training keeps, against the
// seconds since the process started: a line for each engine in the report. It cannot show
// a KL at or below 0, which the noise of a finite sample allows.
func (r Race) Chart() figure.Chart {
	chart := figure.Chart{X: "seconds since the start of the process", Y: "KL (nats), least so far", LogX: true, LogY: true, Limit: &figure.Mark{Name: "target", Value: r.Target}}
	for _, pace := range r.Paces {
		if !pace.Reported {
			continue
		}
		line, least := figure.Line{Name: pace.Name}, math.Inf(1)
		for _, p := range r.Curve {
			least = min(least, p.KL) // NaN stays, and the figure refuses it
			if !(least <= 0) {
				line.XY = append(line.XY, []float64{pace.At(p.Steps), least})
			}
		}
		chart.Lines = append(chart.Lines, line)
	}
	return chart
}

// Table returns a row for each engine: the seconds to the target, and how many times as
// long as the first one's they are.
func (r Race) Table() [][]string {
	steps, ok := r.Steps()
	table := [][]string{{"engine", "first step (s)", "steps per second", fmt.Sprintf("to KL ≤ %g (s)", r.Target), "times the first"}}
	for _, pace := range r.Paces {
		row := []string{pace.Name, fmt.Sprintf("%.2f", pace.Cold), nb.Thousands(pace.StepsPerSecond), "–", "–"}
		if ok {
			row[3], row[4] = fmt.Sprintf("%.2f", pace.At(steps)), fmt.Sprintf("%.1f", pace.At(steps)/r.Paces[0].At(steps))
		}
		table = append(table, row)
	}
	return table
}

// Story says what was trained, when it reached the target, and what to keep in mind.
func (r Race) Story() string {
	steps, ok := r.Steps()
	text := fmt.Sprintf("%d steps on %s, for which the fast engine took %.1f s, validation included.", r.Result.Config.Fit.Steps, r.Result.Config.Data, r.Result.Fit.Seconds)
	if ok {
		text += fmt.Sprintf(" A KL of %g nats was reached after %d of them.", r.Target, steps)
	} else {
		text += fmt.Sprintf(" A KL of %g nats was not reached: with few steps or layers it is out of reach.", r.Target)
	}
	for _, pace := range r.Paces {
		if pace.Parameters != r.Result.Parameters {
			text += fmt.Sprintf(" The speeds are those of a flow of %d parameters, the one trained here has %d.", pace.Parameters, r.Result.Parameters)
			break
		}
	}
	if len(r.Paces) == 0 {
		text += "\n\n" + r.Missing
	}
	return text
}

// Show shows all of it, and stores the picture.
func (r Race) Show(name string) {
	if chart := r.Chart(); len(chart.Lines) > 0 {
		nb.Figure(name, must.M1(figure.Lines(nb.Info(name), chart)))
	}
	if len(r.Paces) > 0 {
		nb.Table(r.Table())
	}
	nb.Markdown(r.Story())
}
