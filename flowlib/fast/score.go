package fast

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
)

// LogProb sets logProb, [n], to the log-density of each row of x, [n, D+C] row by row, in
// nats: -Inf where a number overflows on the way to the latents, NaN where x or a weight
// is NaN. It panics if the lengths do not fit.
func (e *Engine) LogProb(logProb []float64, x []float32) {
	columns := e.columns()
	checkRows(len(x), len(logProb), columns)
	e.eachBlock(len(logProb), func(w *worker, first, count int) {
		rows, out := x[first*columns:][:count*columns], logProb[first:][:count]
		w.load(rows, count)
		w.inverse()
		copy(out, w.total)
		w.base.logProb(w, out)
		for r, lp := range out {
			if math.IsNaN(lp) {
				out[r] = w.settle(rows[r*columns:][:columns])
			}
		}
	})
}

// settle returns the log-density of a row for which it came out NaN: -Inf if a number
// overflowed on the way, since the difference of two infinities is NaN.
func (w *worker) settle(row []float32) float64 {
	const far = 1.8446743e19 // squares overflow beyond this
	w.load(row, 1)
	clear(w.total)
	for i := len(w.layers); ; i-- {
		for f := 0; f < len(w.v); f += block {
			switch v := float64(w.v[f]); {
			case math.Abs(v) >= far:
				return math.Inf(-1)
			case v != v:
				return v
			}
		}
		if i == 0 {
			return math.NaN()
		}
		w.layers[i-1].inverse(w)
	}
}

// Sample draws the events first to first+n of an infinite sequence determined by the seed
// into x, [n, D] row by row, and sets logProb, [n], to their log-densities in nats,
// unless it is nil. context is [n, C], one row per event. temperature multiplies the
// spread of the latents; the log-density is that of the flow at temperature 1. It panics
// if the lengths do not fit, or if first is not a multiple of 64.
func (e *Engine) Sample(x, context []float32, logProb []float64, seed int64, first int, temperature float64) {
	n := len(x) / e.features
	if logProb != nil {
		n = len(logProb)
	}
	checkRows(len(x), n, e.features)
	checkRows(len(context), n, e.context)
	if first%block != 0 || first < 0 {
		panic(fmt.Sprintf("fast: a sample from event %d on: expected a multiple of %d", first, block))
	}
	e.eachBlock(n, func(w *worker, at, count int) {
		w.used = roundUp(count)
		for c := range e.context {
			for r := range block {
				w.context[c*block+r] = context[(at+min(r, count-1))*e.context+c]
			}
		}
		// Every block has its own random numbers, so the result does not depend on which
		// thread draws it.
		w.base.sample(w, rand.New(rand.NewPCG(uint64(seed), uint64((first+at)/block))), temperature)
		clear(w.total)
		if logProb != nil {
			clear(logProb[at:][:count])
			w.base.logProb(w, logProb[at:][:count])
		}
		w.forward()
		w.store(x[at*e.features:], count)
		if logProb != nil {
			for r := range count {
				logProb[at+r] -= w.total[r]
			}
		}
	})
}

func checkRows(numbers, rows, columns int) {
	if numbers != rows*columns {
		panic(fmt.Sprintf("fast: %d numbers for %d rows of %d", numbers, rows, columns))
	}
}

// eachBlock distributes n events over the threads, block by block.
func (e *Engine) eachBlock(n int, do func(w *worker, first, count int)) {
	var next atomic.Int64
	work := func(w *worker) {
		w.prepare()
		for {
			first := int(next.Add(block)) - block
			if first >= n {
				return
			}
			do(w, first, min(block, n-first))
		}
	}
	var wait sync.WaitGroup
	for i := 1; i < e.threads && i*block < n; i++ {
		wait.Go(func() { work(e.scratch[i]) })
	}
	work(e.scratch[0])
	wait.Wait()
}
