// Package twins compares the flow by hand with the same flow on GoMLX, for notebook 7.
package twins

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/janpfeifer/must"

	"normflow/flowlib/byhand"
	"normflow/flowlib/dataset"
	"normflow/flowlib/figure"
	"normflow/flowlib/flow"
	"normflow/notebooks/nb/runs"
)

// Twins are the same RealNVP over two features in float64, by GoMLX and in plain Go, with
// the same weights, and a batch of standardized events, [n, 2], to compare them on. The
// weights are those of a new flow, perturbed at random so that no layer is the identity.
type Twins struct {
	Model  *flow.Model
	ByHand *byhand.Flow[float64]
	X      [][]float64
}

// NewTwins returns twins with the given number of coupling layers, and 256 events of two
// moons.
func NewTwins(layers int) Twins {
	x := dataset.TwoMoons(0.1).Sample(1, 256)
	scaler := must.M1(dataset.NewStandardizer(x))
	for _, row := range x {
		scaler.Apply(row, row)
	}
	cfg := flow.RealNVP(2)
	cfg.Layers = layers
	m := must.M1(must.M1(cfg.NewModel(runs.Backend())).Float64())
	weights := must.M1(m.Weights())
	rng := rand.New(rand.NewPCG(1, 0))
	for _, w := range weights {
		for i := range w.Values {
			w.Values[i] += 0.1 * rng.NormFloat64()
		}
	}
	must.M(m.SetWeights(weights))
	return Twins{m, must.M1(m.ByHand()), x}
}

// Gradients holds the derivatives of the mean NLL of a batch by every weight, in the same
// order, and that NLL, in nats, each computed twice.
type Gradients struct {
	ByHand, AutoDiff       []float64
	NLLByHand, NLLAutoDiff float64
}

// Gradients computes them by hand and by automatic differentiation.
func (t Twins) Gradients() Gradients {
	var g Gradients
	exec := must.M1(model.NewExec(t.Model.Backend(), t.Model.Store(), func(scope *model.Scope, x *graph.Node) []*graph.Node {
		nll := graph.Neg(graph.ReduceAllMean(t.Model.LogProbGraph(scope, x)))
		return append([]*graph.Node{nll}, scope.BuildTrainableVariablesGradientsGraph(nll)...)
	}))
	out := exec.MustCall(t.Model.Tensor(t.X))
	g.NLLAutoDiff = out[0].Value().(float64)

	nll, gradient := byhand.NewBackprop(t.ByHand).Gradient(slices.Concat(t.X...))
	g.NLLByHand = nll
	byPath := map[string][]float64{}
	for _, w := range flow.ByHandWeights(gradient) {
		byPath[w.Path] = w.Values
	}
	i := 1 // GoMLX returns gradients in the order of its variables
	for v := range t.Model.Store().Scope("/").IterVariables() {
		if v.Trainable {
			out[i].MustConstFlatData(func(flat any) { g.AutoDiff = append(g.AutoDiff, flat.([]float64)...) })
			g.ByHand = append(g.ByHand, byPath[v.Path()]...)
			i++
		}
	}
	return g
}

// Summary describes the agreement: how many derivatives there are, how many are equal to
// the last bit, and how large the largest is; the largest difference, and the largest
// relative to max(1, |derivative|).
func (g Gradients) Summary() map[string]float64 {
	s := map[string]float64{"derivatives": float64(len(g.ByHand)), "nll_difference": math.Abs(g.NLLByHand - g.NLLAutoDiff)}
	for i, d := range g.differences() {
		if d == 0 {
			s["equal"]++
		}
		size := math.Abs(g.AutoDiff[i])
		s["largest"] = max(s["largest"], size) // max keeps NaN
		s["difference"] = max(s["difference"], d)
		s["relative"] = max(s["relative"], d/max(1, size))
	}
	return s
}

// String describes the agreement in words.
func (g Gradients) String() string {
	s := g.Summary()
	return fmt.Sprintf("%.0f derivatives, the largest %.2g\nequal to the last bit: %.0f\nlargest difference: %.1e", s["derivatives"], s["largest"], s["equal"], s["difference"])
}

func (g Gradients) differences() []float64 {
	if len(g.ByHand) != len(g.AutoDiff) {
		panic("nb: not as many derivatives by hand as by automatic differentiation")
	}
	out := make([]float64, len(g.ByHand))
	for i := range out {
		out[i] = math.Abs(g.ByHand[i] - g.AutoDiff[i])
	}
	return out
}

// Charts returns derivative against derivative, a few hundred of all sizes, and a
// histogram of all nonzero differences.
func (g Gradients) Charts() []figure.Chart {
	differences := g.differences()
	order := make([]int, len(differences))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		if g.AutoDiff[a] < g.AutoDiff[b] {
			return -1
		}
		return 1
	})
	return []figure.Chart{
		{Name: "each derivative, twice", X: "by automatic differentiation", Y: "by hand", Lines: []figure.Line{
			{Name: "derivative by a weight (some of them)", Dots: true, XY: spread(order, 400, func(i int) []float64 { return []float64{g.AutoDiff[i], g.ByHand[i]} })},
		}},
		{Name: "how far apart they are", X: "|difference|", Y: "derivatives", LogX: true, Lines: []figure.Line{
			{Name: "all differences but those of 0", XY: logHistogram(differences)},
		}},
	}
}

// spread returns rows for about count of the sorted items: the more extreme half from
// both ends, and the rest evenly spaced.
func spread(sorted []int, count int, row func(item int) []float64) (rows [][]float64) {
	every := max(1, 2*len(sorted)/count)
	for at, item := range sorted {
		if at < count/4 || at >= len(sorted)-count/4 || at%every == 0 {
			rows = append(rows, row(item))
		}
	}
	return rows
}

// logHistogram counts the positive values between powers of two, as the outline of bars.
// Without any it is a line at 0.
func logHistogram(values []float64) (outline [][]float64) {
	bin := func(v float64) int { return math.Ilogb(v) }
	counts, first, last := map[int]float64{}, math.MaxInt, math.MinInt
	for _, v := range values {
		if v > 0 {
			counts[bin(v)]++
			first, last = min(first, bin(v)), max(last, bin(v))
		}
	}
	if len(counts) == 0 {
		first, last = bin(1e-17), bin(1e-16)
	}
	edge := func(i int) float64 { return math.Ldexp(1, i) }
	for i := first; i <= last; i++ {
		outline = append(outline, []float64{edge(i), counts[i]}, []float64{edge(i + 1), counts[i]})
	}
	outline = append(outline, []float64{edge(last + 1), 0})
	return append([][]float64{{edge(first), 0}}, outline...)
}
