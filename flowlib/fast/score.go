package fast

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
)

const logSqrt2Pi = 0.91893853320467274178 // ln √(2π)

// LogProb sets logProb, [n], to the log-density of each row of x, [n, D] row by row,
// in nats. It is -Inf where a number overflows on the way to the latents, and NaN
// where one of x is. It panics if the lengths do not fit.
func (e *Engine) LogProb(logProb []float64, x []float32) {
	e.checkRows(len(x), len(logProb))
	e.eachBlock(len(logProb), func(w *worker, first, count int) {
		e.load(w, x[first*e.features:][:count*e.features], count)
		clear(w.total)
		for i := len(e.layers) - 1; i >= 0; i-- {
			e.inverse(w, i, w.layers[i])
		}
		e.logBase(w, logProb[first:][:count])
		for r := range count {
			logProb[first+r] += w.total[r]
		}
	})
}

// Sample draws the events first to first+n of an endless sample that belongs to the
// seed into x, [n, D] row by row, and sets logProb, [n], to their log-densities in
// nats, unless it is nil. Temperature multiplies the spread of the latents; the
// density is that of the flow itself. It panics if the lengths do not fit, or if
// first is not a multiple of 64.
func (e *Engine) Sample(x []float32, logProb []float64, seed int64, first int, temperature float64) {
	n := len(x) / max(1, e.features)
	if logProb != nil {
		n = len(logProb)
	}
	e.checkRows(len(x), n)
	if first%block != 0 || first < 0 {
		panic(fmt.Sprintf("fast: a sample from event %d on: want a multiple of %d", first, block))
	}
	e.eachBlock(n, func(w *worker, at, count int) {
		// Every block has random numbers of its own: who draws it does not matter.
		rng := rand.New(rand.NewPCG(uint64(seed), uint64((first+at)/block)))
		for i := range w.v {
			w.v[i] = float32(temperature * rng.NormFloat64())
		}
		clear(w.total)
		if logProb != nil {
			e.logBase(w, logProb[at:][:count])
		}
		for i := range e.layers {
			e.forward(w, i, w.layers[i])
		}
		e.store(w, x[at*e.features:][:count*e.features], count)
		if logProb != nil {
			for r := range count {
				logProb[at+r] -= w.total[r]
			}
		}
	})
}

func (e *Engine) checkRows(numbers, rows int) {
	if numbers != rows*e.features {
		panic(fmt.Sprintf("fast: %d numbers for %d events of %d features", numbers, rows, e.features))
	}
}

// eachBlock does something for each 64 of n events, on all threads.
func (e *Engine) eachBlock(n int, do func(w *worker, first, count int)) {
	var next atomic.Int64
	work := func(w *worker) {
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

// load copies count events, row by row, to the columns of w.v; what is left of the
// block gets the last one.
func (e *Engine) load(w *worker, x []float32, count int) {
	for f := range e.features {
		v := w.v[f*block:][:block]
		for r := range count {
			v[r] = x[r*e.features+f]
		}
		for r := count; r < block; r++ {
			v[r] = v[count-1]
		}
	}
}

// store is the opposite.
func (e *Engine) store(w *worker, x []float32, count int) {
	for f := range e.features {
		v := w.v[f*block:][:block]
		for r := range count {
			x[r*e.features+f] = v[r]
		}
	}
}

// logBase sets logProb to log N(z; 0, I) of the first events in w.v.
func (e *Engine) logBase(w *worker, logProb []float64) {
	for r := range logProb {
		logProb[r] = -logSqrt2Pi * float64(e.features)
	}
	for f := range e.features {
		for r, z := range w.v[f*block:][:len(logProb)] {
			logProb[r] -= 0.5 * float64(z) * float64(z)
		}
	}
}

// finite says whether v is neither NaN nor infinite.
func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
