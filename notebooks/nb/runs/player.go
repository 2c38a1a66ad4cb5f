package runs

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"

	"github.com/janpfeifer/must"

	"normflow/flowlib/experiment"
	"normflow/flowlib/knots"
	"normflow/notebooks/nb"
)

// playerFlow is a trained flow as the player of the report reads it, see report/player. A
// flow over two features is a set of knots: the page needs no network.
type playerFlow struct {
	Data       string           `json:"data"`
	Layers     int              `json:"layers"`
	Parameters int              `json:"parameters"`
	KL         rounded          `json:"kl"`    // nats
	KLSE       rounded          `json:"kl_se"` // nats
	Mean       []float64        `json:"mean"`  // of the data: the flow is standardized
	Std        []float64        `json:"std"`
	Couplings  []playerCoupling `json:"couplings"` // z to x
}

// playerCoupling is a [knots.Coupling].
type playerCoupling struct {
	Frozen int       `json:"frozen"`
	Max    float64   `json:"max"` // bound on the log-scale
	X      []rounded `json:"x"`
	R      []rounded `json:"r"`
	T      []rounded `json:"t"`
}

// rounded is a number with twelve digits: enough for a page to show a log-density, and to
// compare it.
type rounded float64

// MarshalJSON implements [json.Marshaler].
func (r rounded) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(r), 'g', 12, 64), nil
}

// playerPoints are points and the networks' results for them, in float64 and without
// tables: the test of the page compares these with its own.
type playerPoints struct {
	Points  []rounded `json:"points"` // [n, 2] row by row
	LogProb []rounded `json:"log_prob"`
}

// playerEvents is how many events of the data the page shows.
const playerEvents = 500

// Player stores the flows of a sweep for the player of the report, the one of the median
// seed for each number of layers, and as many of another density, trained once each.
func Player(rows []SweepRow, other string) {
	var runs []*experiment.Result
	for _, row := range rows {
		runs = append(runs, row.median)
	}
	for _, row := range rows {
		runs = append(runs, Train(Experiment(other, row.Layers, 0)))
	}
	keepPlayer(runs)
}

func keepPlayer(runs []*experiment.Result) {
	var all struct {
		Flows  []playerFlow         `json:"flows"`
		Events map[string][]rounded `json:"events"` // of the data, [n, 2] row by row
	}
	all.Events = map[string][]rounded{}
	var points []playerPoints
	for _, r := range runs {
		all.Flows = append(all.Flows, forPlayer(r))
		all.Events[r.Config.Data] = decimals(2, slices.Concat(r.Data.Test[:playerEvents]...))
		points = append(points, forTest(r))
	}
	nb.KeepFile("player.json", append(must.M1(json.Marshal(all)), '\n'))
	nb.KeepFile("player-points.json", append(must.M1(json.Marshal(points)), '\n'))
}

func forPlayer(r *experiment.Result) playerFlow {
	scaler := r.Config.Flow.Scaler
	f := playerFlow{
		Data: r.Config.Data, Layers: r.Config.Flow.Layers, Parameters: r.Parameters,
		KL: rounded(r.KL.Mean), KLSE: rounded(r.KL.SE), Mean: scaler.Mean, Std: scaler.Std,
	}
	for _, c := range must.M1(r.Model.Knots()).Layers {
		f.Couplings = append(f.Couplings, forPage(c))
	}
	return f
}

func forPage(c knots.Coupling) playerCoupling {
	return playerCoupling{Frozen: c.Frozen, Max: c.MaxLogScale, X: round(c.X), R: round(c.R), T: round(c.T)}
}

func round(values []float64) []rounded {
	out := make([]rounded, len(values))
	for i, v := range values {
		out[i] = rounded(v)
	}
	return out
}

// decimals rounds values to the given number of decimals.
func decimals(digits int, values []float64) []rounded {
	scale := math.Pow10(digits)
	out := make([]rounded, len(values))
	for i, v := range values {
		out[i] = rounded(math.Round(scale*v) / scale)
	}
	return out
}

// forTest returns 900 test events, and 100 points spread over three times the window.
func forTest(r *experiment.Result) playerPoints {
	wide := slices.Clone(r.Density.Box)
	for d, side := range wide {
		width := side[1] - side[0]
		wide[d] = [2]float64{side[0] - width, side[1] + width}
	}
	points := decimals(4, slices.Concat(append(slices.Clone(r.Data.Test[:900]), nb.Uniform(1, wide, 100)...)...))
	units := r.Model.Units()
	u := make([]float64, len(points))
	for i, v := range points {
		u[i] = float64(v)
	}
	for row := range slices.Chunk(u, 2) {
		units.Apply(row, row)
	}
	logProb := must.M1(r.Model.ByHand()).LogProb(u)
	for i := range logProb {
		logProb[i] += units.LogDet()
	}
	return playerPoints{points, round(logProb)}
}
