package flow_test

import (
	"context"
	"fmt"
	"os"

	"github.com/janpfeifer/must"

	"normflow/flowlib/backend"
	"normflow/flowlib/dataset"
	"normflow/flowlib/eval"
	"normflow/flowlib/fit"
	"normflow/flowlib/flow"
)

// Build a RealNVP, train it, sample, score, save and load. [fit.ToData] does the first
// half with defaults.
func Example() {
	moons := dataset.TwoMoons(0.1)
	data := moons.Draw(0, 4000, 1000, 2000) // seed; training, validation, test events

	cfg := flow.RealNVP(2)
	cfg.Layers, cfg.Hidden = 4, []int{32, 32}
	cfg.Scaler = must.M1(dataset.NewStandardizer(data.Train))
	model := must.M1(cfg.NewModel(must.M1(backend.Open(""))))

	training := fit.DefaultConfig(cfg)
	training.Steps = 600
	must.M1(fit.Run(context.Background(), model, data.Train, data.Valid, training, nil))

	x := must.M1(model.Sample(1, 3)) // three new points
	logProb := must.M1(model.LogProb([][]float64{{0, 1}, {3, 3}}))
	nll := must.M1(eval.NLL(model, data.Test))

	dir := must.M1(os.MkdirTemp("", "moons-flow"))
	defer os.RemoveAll(dir)
	must.M(model.Save(dir, nil))
	again := must.M1(flow.Load(model.Backend(), dir))

	fmt.Println("drawn:", len(x), "points of", len(x[0]), "features")
	fmt.Println("on a moon more likely than off it:", logProb[0] > logProb[1]+5)
	fmt.Println("within 0.3 nats of the entropy, never below:", nll.Mean < moons.Entropy+0.3, nll.Mean > moons.Entropy-3*nll.SE)
	fmt.Println("loaded model agrees:", must.M1(again.LogProb(x))[0] == must.M1(model.LogProb(x))[0])
	// Output:
	// drawn: 3 points of 2 features
	// on a moon more likely than off it: true
	// within 0.3 nats of the entropy, never below: true true
	// loaded model agrees: true
}

// A new flow is the identity, so its density is the base density:
// log N(0; 0, I) = -log 2π for two features.
func ExampleModel_LogProb() {
	model := must.M1(flow.RealNVP(2).NewModel(must.M1(backend.Open("go"))))
	logProb := must.M1(model.LogProb([][]float64{{0, 0}, {1, 0}}))
	fmt.Printf("%.4f\n", logProb)
	// Output: [-1.8379 -2.3379]
}

// A conditional flow: rows carry their context behind the features. Here it is
// the class, one-hot, and a new flow does not know yet what to make of it.
func ExampleModel_Draw_conditional() {
	cfg := flow.NSF(1)
	cfg.Context, cfg.Base, cfg.Components = 2, "", 0
	model := must.M1(cfg.NewModel(must.M1(backend.Open("go"))))
	logProb := must.M1(model.LogProb([][]float64{{0, 1, 0}, {0, 0, 1}})) // log p(x = 0 | class 0), … class 1
	d := must.M1(model.Draw(flow.Sampling{Seed: 1, Count: 1000, Context: [][]float64{{1, 0}}, Temperature: 0.5}))
	fmt.Printf("%.4f, %d draws of %d feature\n", logProb, len(d.X), len(d.X[0]))
	// Output: [-0.9189 -0.9189], 1000 draws of 1 feature
}
