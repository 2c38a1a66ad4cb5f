package runs

import (
	"math"
	"slices"
	"strings"
	"testing"

	"normflow/flowlib/dataset"
	"normflow/flowlib/experiment"
	"normflow/flowlib/fit"
	"normflow/flowlib/flow"
)

func contains(t *testing.T, text string, want ...string) {
	t.Helper()
	for _, part := range want {
		if !strings.Contains(text, part) {
			t.Errorf("no %q in\n%s", part, text)
		}
	}
}

func TestCurveEndsAreThoseOfTheRun(t *testing.T) {
	run := func(name string, layers, step int, train, valid float64) Run {
		r := &experiment.Result{Density: dataset.Checkerboard()} // of log-density -log 32 where it is not 0
		r.Data.Valid = r.Density.Sample(1, 10)
		r.Config.Flow = flow.Config{Layers: layers}
		truth := math.Log(32)
		r.Fit.Curve = []fit.Point{{Step: 1, Train: 9, Valid: 9}, {Step: step, Train: truth + train, Valid: truth + valid}}
		return Run{name, r}
	}
	contains(t, curveEnds([]Run{run("a board", 1, 40, 0.2, 0.25), run("another", 12, 7, 0.0001, -0.0099)}),
		"- a board, 1 layer: after 40 steps validation is 0.250 nats below the truth on the same events, and training 0.050 nats above validation\n",
		"- another, 12 layers: after 7 steps validation is 0.010 nats above the truth on the same events, and training 0.010 nats below validation\n")
}

func TestMissingNamesTheLayers(t *testing.T) {
	contains(t, missing(2, Figures{Name: "moons05", KL: 0.2119, KLSE: 0.0032}, Figures{Name: "checkerboard", KL: 0.3673, KLSE: 0.0026}),
		"with 2 layers: 0.212 ± 0.003 nats on moons05, 0.367 ± 0.003 nats on checkerboard.")
}

func sweepRows(kl ...[]float64) (rows []SweepRow) {
	for i, of := range kl {
		sorted := slices.Sorted(slices.Values(of))
		rows = append(rows, SweepRow{Layers: []int{1, 3, 8}[i], KL: of, KLMedian: sorted[len(sorted)/2]})
	}
	return rows
}

func TestSweepAnswerIsOfTheLayersThatWereTrained(t *testing.T) {
	near := sweepRows([]float64{0.4, 0.5, 0.6}, []float64{0.02, 0.03, 0.022}, []float64{0.025, 0.02, 0.01})
	contains(t, sweepAnswer(near),
		"- from 1 to 3 layers the KL falls from 0.5000 to 0.0220 nats, by 0.2390 for each layer\n",
		"- from 3 to 8 layers the KL falls from 0.0220 to 0.0200 nats, by 0.0004 for each layer\n",
		"**8 layers did best**, and 3 as well but for the luck")
	worse := sweepRows([]float64{0.1, 0.2, 0.3}, []float64{0.4, 0.5, 0.6})
	contains(t, sweepAnswer(worse), "from 1 to 3 layers the KL rises from 0.2000 to 0.5000 nats", "**1 layer did best**, and no fewer")
	contains(t, sweepAnswer(worse[:1]), "1 layer: a KL of 0.2000 nats, and nothing to compare it with.")

	s := SweepSummary(near)
	if s["best_layers"] != 8 || s["kl_best"] != 0.02 || s["gaps"] != "0.500 with 1 layer, 0.022 with 3, 0.020 with 8" {
		t.Errorf("for the report: %v", s)
	}
}
