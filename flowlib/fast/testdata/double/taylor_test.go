package fast_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"normflow/flowlib/fast/double"
	"normflow/flowlib/flow"
)

// Along a line through the weights the loss is L + h·∇L·u + O(h²): what is left beside
// the tangent falls with the square of the step, and with the step alone if one of the
// gradients is wrong. An event next to a kink, of relu or at a knot, disturbs that: the
// middle of five lines counts.
func TestZooTaylor(t *testing.T) {
	eachFlow(t, func(t *testing.T, m *flow.Model, e *fast.Engine, rows [][]float64) {
		if e.NumParameters() == 0 {
			t.Skip("no weights")
		}
		trainer, err := fast.NewTrainer(e, flat(rows))
		if err != nil {
			t.Fatal(err)
		}
		at := allRows(rows)
		nll, gradient := trainer.Gradient(at)
		weights := e.Weights()
		start, slopes := values(weights), values(gradient)
		rng := rand.New(rand.NewPCG(3, 13))
		var orders []float64
		for range 5 {
			direction, slope := values(weights), 0.0
			for k, u := range direction {
				for i := range u {
					u[i] = rng.NormFloat64()
					if weights.Fixed(k) {
						u[i] = 0
					}
					slope += u[i] * slopes[k][i]
				}
			}
			left := func(h float64) float64 {
				for k := range weights.Len() {
					moved := make([]float64, len(start[k]))
					for i, w := range start[k] {
						moved[i] = w + h*direction[k][i]
					}
					weights.Set(k, moved)
				}
				there, _ := trainer.Gradient(at)
				return math.Abs(there-nll-h*slope) + 1e-15 // no less than rounding
			}
			const h, finer = 1e-5, 16
			orders = append(orders, math.Log(left(h)/left(h/finer))/math.Log(finer))
		}
		slices.Sort(orders)
		if !(orders[2] > 1.5) {
			t.Errorf("what is left beside the tangent falls with the step to the power of %.2f, expected 2", orders)
		}
	})
}

// values are the numbers of all arrays.
func values(a fast.Arrays) (all [][]float64) {
	for k := range a.Len() {
		v := make([]float64, a.Size(k))
		a.Get(k, v)
		all = append(all, v)
	}
	return all
}

// The first update of AdamW, from the gradient: (1-ηλ)·w - η·g/(|g|+ε), where λ is 0 but
// for the matrices of the layers.
func TestZooWeightDecay(t *testing.T) {
	eachFlow(t, func(t *testing.T, m *flow.Model, e *fast.Engine, rows [][]float64) {
		trainer, err := fast.NewTrainer(e, flat(rows))
		if err != nil {
			t.Fatal(err)
		}
		const rate, decay = 0.1, 0.3
		trainer.WeightDecay = decay
		at := allRows(rows)
		_, gradient := trainer.Gradient(at)
		weights := e.Weights()
		want, slopes := values(weights), values(gradient)
		for k, w := range want {
			name := weights.Name(k)
			for i, g := range slopes[k] {
				if strings.HasSuffix(name, "/weights") || strings.HasSuffix(name, "/lu") {
					w[i] *= 1 - rate*decay
				}
				w[i] -= rate * g / (math.Abs(g) + trainer.Epsilon)
			}
		}
		if made := trainer.Run(at, []float64{rate}, nil, make([]float64, 1)); made != 1 {
			t.Fatal("no step was made")
		}
		for k, w := range values(weights) {
			for i := range w {
				if !weights.Fixed(k) {
					near(t, weights.Name(k), w[i], want[k][i], 1e-6) // where a gradient is rounding alone, so is the step
				}
			}
		}
	})
}

func allRows(rows [][]float64) (at []int32) {
	for i := range rows {
		at = append(at, int32(i))
	}
	return at
}
