package fit_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/gomlx/gomlx/ml/layers/activation"
	"github.com/janpfeifer/must"

	"normflow/flowlib/backend"
	"normflow/flowlib/base"
	"normflow/flowlib/bijector"
	"normflow/flowlib/dataset"
	"normflow/flowlib/fit"
	"normflow/flowlib/flow"
)

// Fit a flow to rows of your own, score and draw. This program is in the README.
func ExampleToData() {
	rows := dataset.TwoMoons(0.1).Sample(1, 2000) // or rows of your own, [][]float64
	cfg := flow.RealNVP(2)                        // of two features
	cfg.Layers = 4

	model, result := must.M2(fit.ToData(context.Background(), cfg, rows))
	fmt.Println("below 1.2 nats on rows held out:", result.BestValid < 1.2)

	logProb := must.M1(model.LogProb([][]float64{{0, 1}, {3, 3}}))
	fmt.Println("on a moon more likely than off it:", logProb[0] > logProb[1]+5)

	drawn := must.M1(model.Sample(7, 3)) // seed, number of rows
	fmt.Println("drawn:", len(drawn), "rows of", len(drawn[0]))
	// Output:
	// below 1.2 nats on rows held out: true
	// on a moon more likely than off it: true
	// drawn: 3 rows of 2
}

// Train a chain of your own: [fit.EngineFast] has the couplings, permutations, LU and
// ActNorm of package bijector, and [fit.EngineGraph] has any bijector.
func ExampleRun_ownChain() {
	coupling := bijector.NewCoupling(bijector.Halves(2, false), bijector.MLP(activation.TypeRelu, 16), bijector.Affine{})
	chain := bijector.Chain{coupling, bijector.NewActNorm(2), bijector.Reversal(2), coupling}
	model := must.M1(flow.NewModel(must.M1(backend.Open("go")), flow.New(base.Normal{Features: 2}, chain), flow.Settings{Features: 2}))
	data := dataset.TwoMoons(0.1).Draw(1, 2000, 500, 0)
	training := fit.Config{Engine: fit.EngineFast, Steps: 300, BatchSize: 128, LearningRate: 5e-3, EvalEvery: 100}
	result := must.M1(fit.Run(context.Background(), model, data.Train, data.Valid, training, nil))
	fmt.Println("below 2 nats on rows held out:", result.BestValid < 2)
	// Output: below 2 nats on rows held out: true
}

// Fit a conditional density p(x|c), of x = c + noise, and draw from it at c = 2.
func ExampleToData_conditional() {
	rng := rand.New(rand.NewPCG(1, 2))
	rows := make([][]float64, 2000) // x, then its context c
	for i := range rows {
		c := 4 * rng.Float64()
		rows[i] = []float64{c + 0.5*rng.NormFloat64(), c}
	}
	cfg := flow.RealNVP(1)
	cfg.Context, cfg.Layers = 1, 2
	model, _, err := fit.ToData(context.Background(), cfg, rows)
	if err != nil {
		fmt.Println(err)
		return
	}
	draws := must.M1(model.Draw(flow.Sampling{Seed: 1, Count: 2000, Context: [][]float64{{2}}, Temperature: 1}))
	mean := 0.0
	for _, x := range draws.X {
		mean += x[0] / 2000
	}
	fmt.Println("mean within 0.1 of c:", math.Abs(mean-2) < 0.1)
	// Output: mean within 0.1 of c: true
}
