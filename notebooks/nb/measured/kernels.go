package measured

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/janpfeifer/must"

	"normflow/flowlib/byhand"
	"normflow/flowlib/dataset"
	"normflow/flowlib/fast"
	"normflow/flowlib/figure"
	"normflow/internal/kernel"
	"normflow/notebooks/nb"
)

// KernelBars measures the GFLOP/s of one core now: of multiply-adds alone, of the three
// products that a layer of 64 to 64 units needs for a block of 64 events, and of the
// readable product of package byhand.
func KernelBars() (bars []figure.Bar) {
	const units = 64
	rng := rand.New(rand.NewPCG(1, 0))
	square := func() []float32 {
		values := make([]float32, units*kernel.Block)
		for i := range values {
			values[i] = float32(rng.NormFloat64())
		}
		return values
	}
	w, in, bias, out, turned := square(), square(), square(), square(), square()
	set := kernel.Best()
	const flops = 2 * units * units * kernel.Block
	product := func(p kernel.Product) func() int {
		return func() int { set.Multiply(&p); return flops }
	}
	shape := kernel.Product{M: units, K: units, N: kernel.Block, Out: out, LdOut: kernel.Block, W: w, StrideI: 1, StrideK: units, In: in, LdIn: kernel.Block}
	forward, data, weights := shape, shape, shape
	forward.Start, forward.Bias, forward.End = kernel.Bias, bias, kernel.ReLU
	data.StrideI, data.StrideK, data.End, data.Mask = units, 1, kernel.Mask, turned
	weights.StrideI, weights.StrideK, weights.Start = kernel.Block, 1, kernel.Add

	peak := gflops(func() int { return set.Peak(1000) })
	for _, b := range []struct {
		name string
		work func() int
	}{
		{"forward, h·W", product(forward)},
		{"back to h, ∂L/∂out·Wᵀ", product(data)},
		{"back to W, hᵀ·∂L/∂out", product(weights)},
		{"plain Go, h·W", func() int { byhand.MatMul(out, in, w, units, units, kernel.Block, false, false); return flops }},
	} {
		speed := gflops(b.work)
		bar := figure.Bar{Name: b.name, Value: speed, Text: nb.Thousands(speed)}
		if peak > 0 {
			bar.Text += fmt.Sprintf(" (%.0f %%)", 100*speed/peak)
		}
		bars = append(bars, bar)
	}
	if peak > 0 { // a processor without vector instructions has none
		bars = append([]figure.Bar{{Name: "multiply-adds alone", Value: peak, Text: nb.Thousands(peak)}}, bars...)
	}
	return bars
}

// gflops returns the speed of work, which returns how many operations it made: the best
// of a few short periods, since other programs may be running.
func gflops(work func() int) (best float64) {
	for range 15 {
		done, began := 0, time.Now()
		for time.Since(began) < 4*time.Millisecond {
			for range 10 {
				done += work()
			}
		}
		best = max(best, float64(done)/time.Since(began).Seconds()/1e9)
	}
	return best
}

// flopsPerSample returns the operations of a training step: a multiply-add for each
// weight of a matrix, once forward and twice backward.
func flopsPerSample(f *byhand.Flow[float32]) (flops float64) {
	for _, c := range f.Layers {
		for _, l := range c.Conditioner {
			flops += 3 * 2 * float64(l.In*l.Out)
		}
	}
	return flops
}

// StepCost is what a step of training costs.
type StepCost struct {
	Name     string
	Seconds  float64
	Products float64 // of them, in matrix products; below 0 if not measured separately
	GFLOPs   float64 // per second, over the whole step
}

// ofLayers returns the untrained flow whose steps are measured.
func ofLayers(layers int) *byhand.Flow[float32] {
	return byhand.New[float32](2, layers, []int{64, 64}, 1)
}

// StepCosts makes a step of 256 events by hand, with the readable product and with the
// fast one, and by the fast engine, each on one thread, and returns the fastest of a few.
func StepCosts(layers int) (costs []StepCost) {
	const batch = 256
	f := ofLayers(layers)
	var x []float32
	for _, v := range slices.Concat(dataset.TwoMoons(0.1).Sample(1, batch)...) {
		x = append(x, float32(v))
	}
	add := func(name string, step func(products *time.Duration)) {
		best, inProducts := time.Duration(-1), time.Duration(0)
		for range 8 {
			products, began := time.Duration(0), time.Now()
			step(&products)
			if took := time.Since(began); best < 0 || took < best {
				best, inProducts = took, products
			}
		}
		costs = append(costs, StepCost{name, best.Seconds(), inProducts.Seconds(), batch * flopsPerSample(f) / best.Seconds() / 1e9})
	}
	for _, by := range []struct {
		name    string
		product byhand.Product[float32]
	}{{"readable product", byhand.MatMul[float32]}, {"fast product", kernel.MatMul}} {
		of := f.Clone()
		backprop, adam := byhand.NewBackprop(of), byhand.NewAdam[float32]()
		add(by.name, func(products *time.Duration) {
			of.Product = func(c, a, b []float32, m, k, n int, aT, bT bool) {
				began := time.Now()
				by.product(c, a, b, m, k, n, aT, bT)
				*products += time.Since(began)
			}
			_, gradient := backprop.Gradient(x)
			adam.Step(of.Params(), gradient.Params(), 1e-3)
		})
	}
	trainer := must.M1(fast.NewTrainer(must.M1(fast.FromByHand(f, 1)), x))
	rows := make([]int32, batch)
	for i := range rows {
		rows[i] = int32(i)
	}
	add("fast engine", func(*time.Duration) { trainer.Run(rows, []float64{1e-3}, nil, make([]float64, 1)) })
	costs[len(costs)-1].Products = -1
	return costs
}

// CostTable shows the costs.
func CostTable(layers int, costs []StepCost) {
	table := [][]string{{"256 events, one thread", "ms", "in products", "GFLOP/s in all"}}
	for _, c := range costs {
		share := "–"
		if c.Products >= 0 {
			share = fmt.Sprintf("%.0f %%", 100*c.Products/c.Seconds)
		}
		table = append(table, []string{c.Name, fmt.Sprintf("%.2f", 1000*c.Seconds), share, nb.Thousands(c.GFLOPs)})
	}
	nb.Table(table)
	nb.Markdown(operations(layers))
}

// operations says how many of them a step takes for each event.
func operations(layers int) string {
	return fmt.Sprintf("Layers: %d. In matrix products that makes %s operations for each event.", layers, nb.Thousands(flopsPerSample(ofLayers(layers))))
}
