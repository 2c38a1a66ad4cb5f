package fast

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"
)

// BenchmarkDefaultThreads measures how fast training and scoring with the default number
// of threads are, beside the better of one thread and two: 1 or nearly 1, whatever else
// the machine does. The three take turns, so that a busy machine slows all of them.
//
//	go test ./flowlib/fast -run '^$' -bench DefaultThreads -benchtime 1x
func BenchmarkDefaultThreads(b *testing.B) {
	if runtime.GOMAXPROCS(0) < 2 {
		b.Skip("one processor")
	}
	spline := func(features int) Flow {
		f := Flow{Features: features, Base: Mixture{16, 3}}
		for i := range 8 {
			f.Layers = append(f.Layers, Coupling{Mask: alternating(features, i), InputBound: 5, Network: Network{Hidden: []int{32, 32}}, Transform: Spline{8, 4}})
		}
		return f
	}
	realNVP := Flow{Features: 2, Base: Normal{}}
	for i := range 8 {
		realNVP.Layers = append(realNVP.Layers, Coupling{Mask: alternating(2, i), InputBound: 5, Network: Network{Hidden: []int{64, 64}}, Transform: Affine{"tanh", 3}})
	}
	for _, flow := range []struct {
		name string
		f    Flow
	}{{"nsf-2", spline(2)}, {"nsf-30", spline(30)}, {"realnvp-2", realNVP}} {
		x := events(rand.New(rand.NewPCG(1, 2)), flow.f.Features*20000)
		for _, batch := range []int{256, 1024, 4096} {
			b.Run(fmt.Sprintf("train/%s/batch=%d", flow.name, batch), func(b *testing.B) {
				compareThreads(b, flow.f, func(e *Engine, fixed bool) func() {
					t, err := NewTrainer(e, x)
					if err != nil {
						b.Fatal(err)
					}
					if fixed {
						t.pace = &pace{threads: []int{e.threads}, seconds: make([]float64, 1), wait: lastWait}
					}
					const steps = stepsPerTurn
					rows, rates, nll := make([]int32, steps*batch), make([]float64, steps), make([]float64, steps)
					for i := range rows {
						rows[i] = int32(i * 7 % 20000)
					}
					for i := range rates {
						rates[i] = 1e-5
					}
					return func() {
						if t.Run(rows, rates, nil, nll) != steps {
							b.Fatal("not finite")
						}
					}
				})
			})
			b.Run(fmt.Sprintf("score/%s/rows=%d", flow.name, batch), func(b *testing.B) {
				compareThreads(b, flow.f, func(e *Engine, _ bool) func() {
					logProb := make([]float64, batch)
					return func() { e.LogProb(logProb, x[:batch*flow.f.Features]) }
				})
			})
		}
	}
}

func alternating(features, layer int) []bool {
	mask := make([]bool, features)
	for i := range mask {
		mask[i] = (i+layer)%2 == 1
	}
	return mask
}

// compareThreads reports the speed of the work that start returns for an engine with the
// default number of threads, relative to the better of one and two.
func compareThreads(b *testing.B, f Flow, start func(e *Engine, fixed bool) func()) {
	var work [3]func()
	for i := range work {
		e, err := New(f, i)
		if err != nil {
			b.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(1, 4))
		for k := range e.weights {
			e.weights[k] = 0.1 * float32(rng.NormFloat64())
		}
		work[i] = start(e, i > 0)
	}
	var done, spent [3]float64
	for b.Loop() {
		for round := range 8 {
			for i := range work {
				i = (i + round) % len(work)
				for began := time.Now(); ; {
					work[i]()
					done[i]++
					if took := time.Since(began).Seconds(); took > 0.15 {
						spent[i] += took
						break
					}
				}
			}
		}
	}
	one, two := done[1]/spent[1], done[2]/spent[2]
	b.ReportMetric(done[0]/spent[0]/max(one, two), "default/best")
	b.ReportMetric(two/one, "two/one")
	b.ReportMetric(0, "ns/op")
}
