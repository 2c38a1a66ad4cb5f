package flow_test

import (
	"context"
	"fmt"
	"os"

	"github.com/janpfeifer/must"

	"normflow/flowlib/backend"
	"normflow/flowlib/byhand"
	"normflow/flowlib/flow"
)

// Train in plain Go, save it as a model, and read that without a backend.
func ExampleByHandWeights() {
	f := byhand.New[float64](2, 2, []int{8}, 1)
	training := byhand.DefaultConfig()
	training.Steps, training.BatchSize = 20, 4
	must.M1(byhand.Train(context.Background(), f, []float64{0, 1, 1, 0, 2, 1, 1, 2}, training))

	cfg := flow.RealNVP(2)
	cfg.Layers, cfg.Hidden = 2, []int{8}
	m := must.M1(cfg.NewModel(must.M1(backend.Open("go"))))
	must.M(m.SetWeights(flow.ByHandWeights(f)))
	dir := must.M1(os.MkdirTemp("", "by-hand"))
	defer os.RemoveAll(dir)
	must.M(m.Save(dir, nil))

	again := must.M1(must.M1(flow.Read(dir)).ByHand())
	x := []float64{1, 1}
	before, after := f.LogProb(x)[0], again.LogProb(x)[0]
	fmt.Println("the same to a float32:", max(before-after, after-before) < 1e-5)
	// Output: the same to a float32: true
}
