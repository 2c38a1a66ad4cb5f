package runs

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat"

	"normflow/internal/show"
	"normflow/notebooks/nb"
)

// What a notebook says of the flows that it has trained is made of their numbers here: a
// reader may train any number of layers, for any number of steps.

// CurveEnds says how far the training curves of runs end from each other, and validation
// from what the truth reaches on the same events.
func CurveEnds(runs ...Run) { nb.Markdown(curveEnds(runs)) }

func curveEnds(runs []Run) string {
	var b strings.Builder
	for _, r := range runs {
		last := r.Fit.Curve[len(r.Fit.Curve)-1]
		truth := stat.Mean(r.Density.LogProb(r.Data.Valid), nil)
		fmt.Fprintf(&b, "- %s, %s: after %d steps validation is %s the truth on the same events, and training %s validation\n",
			r.Name, counted(r.Config.Flow.Layers), last.Step, apart(-last.Valid, truth), apart(-last.Train, -last.Valid))
	}
	return b.String()
}

// apart is how far a lies from b, in nats.
func apart(a, b float64) string {
	side := "below"
	if a > b {
		side = "above"
	}
	return fmt.Sprintf("%.3f nats %s", math.Abs(a-b), side)
}

// counted is a number of layers in words.
func counted(layers int) string {
	if layers == 1 {
		return "1 layer"
	}
	return fmt.Sprintf("%d layers", layers)
}

// missing says how far flows of so many layers stay from the limit.
func missing(layers int, flows ...Figures) string {
	var of []string
	for _, f := range flows {
		of = append(of, fmt.Sprintf("%.3f ± %.3f nats on %s", f.KL, f.KLSE, f.Name))
	}
	return fmt.Sprintf("Missing to the limit with %s: %s.", counted(layers), show.List(of))
}

// SweepAnswer says what more layers have brought, and how many are enough.
func SweepAnswer(rows []SweepRow) { nb.Markdown(sweepAnswer(rows)) }

func sweepAnswer(rows []SweepRow) string {
	var b strings.Builder
	for i, row := range rows[1:] {
		before := rows[i]
		does := "falls"
		if row.KLMedian > before.KLMedian {
			does = "rises"
		}
		fmt.Fprintf(&b, "- from %d to %s the KL %s from %.4f to %.4f nats, by %.4f for each layer\n",
			before.Layers, counted(row.Layers), does, before.KLMedian, row.KLMedian, math.Abs(row.KLMedian-before.KLMedian)/float64(row.Layers-before.Layers))
	}
	best, enough := bestOf(rows), enoughOf(rows)
	switch {
	case len(rows) == 1:
		fmt.Fprintf(&b, "\n%s: a KL of %.4f nats, and nothing to compare it with.", counted(best.Layers), best.KLMedian)
	case enough.Layers == best.Layers:
		fmt.Fprintf(&b, "\n**%s did best**, and no fewer did as well.", counted(best.Layers))
	default:
		fmt.Fprintf(&b, "\n**%s did best**, and %d as well but for the luck of the seeds: their median is no worse than the worst of these.", counted(best.Layers), enough.Layers)
	}
	return b.String()
}

// bestOf is the row of the least median.
func bestOf(rows []SweepRow) SweepRow {
	return slices.MinFunc(rows, func(a, b SweepRow) int { return cmp.Compare(a.KLMedian, b.KLMedian) })
}

// enoughOf is the row of the fewest layers whose median is no worse than the worst seed of
// the best row.
func enoughOf(rows []SweepRow) SweepRow {
	worst := slices.Max(bestOf(rows).KL)
	return rows[slices.IndexFunc(rows, func(r SweepRow) bool { return r.KLMedian <= worst })]
}

// gaps are the medians of a sweep for a sentence of the report.
func gaps(rows []SweepRow) string {
	var with []string
	for i, row := range rows {
		layers := fmt.Sprint(row.Layers)
		if i == 0 {
			layers = counted(row.Layers)
		}
		with = append(with, fmt.Sprintf("%.3f with %s", row.KLMedian, layers))
	}
	return show.List(with)
}
