package fast

import (
	"fmt"
	"math"
	"sync"

	"normflow/internal/kernel"
)

// Trainer minimizes the NLL of events with Adam.
//
// A batch has slices, each with a gradient of its own, which the threads share among
// them; then they share the weights, each summing and updating parts of them. How a
// batch falls into slices and the weights into parts, and in which order they are added
// up, does not depend on how many threads there are: nor does a single bit of a weight.
type Trainer struct {
	ClipNorm float64 // bound on the norm of the gradient; 0, as it starts, for none
	Epsilon  float64 // of Adam; 1e-8, as it starts, is that of Kingma and Ba

	engine       *Engine
	data         []float32 // [n, D]
	steps        int       // updates made
	mean, square []float32 // moments of the weights
	learners     []*learner
	slices       []slice // of a batch
	gradients    [maxSlices][]float32
	squares      [numParts]float32
	barrier      barrier
}

const (
	maxSlices = 8  // of a batch, of at least one block each: more gradients would leave the cache
	numParts  = 16 // of the weights
)

// slice is a part of a batch.
type slice struct {
	gradient []float32 // as the weights
	nll      float64   // the sum of those of its events
}

// learner is what a thread needs to train, besides what it needs to score.
type learner struct {
	*worker
	tape   []*buffers  // of every layer: the backward pass reads them all
	d      []float32   // [D, block]: dL/dv
	dh     [][]float32 // of the outputs of the dense layer of each depth
	dIn    []float32   // of what the conditioner sees
	turned []float32   // a transposed block
	weight []float32   // [block]: 1/B for an event, 0 for the padding
	*slice             // that it works on
}

// NewTrainer returns a trainer on the rows of x, [n, D], with fresh moments, whose
// decays are 0.9 and 0.999.
func NewTrainer(e *Engine, x []float32) (*Trainer, error) {
	if len(x) == 0 || len(x)%e.features != 0 {
		return nil, fmt.Errorf("fast: %d numbers to train on: want rows of %d", len(x), e.features)
	}
	if len(e.weights) == 0 {
		return nil, fmt.Errorf("fast: an engine of tables has no weights to train")
	}
	t := &Trainer{
		Epsilon: 1e-8,
		engine:  e, data: x,
		mean: aligned(len(e.weights)), square: aligned(len(e.weights)),
		barrier: barrier{threads: int32(e.threads)},
	}
	for i := range e.threads {
		t.learners = append(t.learners, e.newLearner(e.scratch[i]))
	}
	return t, nil
}

func (e *Engine) newLearner(w *worker) *learner {
	l := &learner{worker: w, d: aligned(e.features * block), weight: aligned(block)}
	inputs, depth, widest := 0, 0, 0
	for i := range e.layers {
		layer := &e.layers[i]
		l.tape = append(l.tape, layer.newBuffers())
		inputs, depth = max(inputs, layer.dense[0].in), max(depth, len(layer.dense))
		for _, d := range layer.dense {
			widest = max(widest, roundUp(d.out))
		}
	}
	l.dIn, l.turned = aligned(inputs*block), aligned(widest*block)
	for range depth {
		l.dh = append(l.dh, aligned(widest*block))
	}
	return l
}

// Run makes a step of training for each rate, on the events whose row numbers stand
// in rows, as many for each. It sets nll, of the length of rates, to the mean NLL of
// the batch before each step, in nats, and returns how many steps it made: less
// than all if an NLL or a gradient was not finite. That step then changed nothing,
// and has its NLL in nll: where that is finite, the gradient was not.
func (t *Trainer) Run(rows []int32, rates []float64, nll []float64) (made int) {
	if len(rates) == 0 || len(rows) == 0 || len(rows)%len(rates) != 0 || len(nll) != len(rates) {
		panic(fmt.Sprintf("fast: %d rows, %d rates and %d NLLs: want as many rows for each step, and a rate and an NLL", len(rows), len(rates), len(nll)))
	}
	// A panic in the midst would leave the other threads waiting for this one.
	for i, row := range rows {
		if n := len(t.data) / t.engine.features; row < 0 || int(row) >= n {
			panic(fmt.Sprintf("fast: event %d of the batches is row %d, of %d", i, row, n))
		}
	}
	batch := len(rows) / len(rates)
	t.cut(batch)
	var wait sync.WaitGroup
	for i := 1; i < len(t.learners); i++ {
		wait.Go(func() { t.work(i, batch, rows, rates, nil) })
	}
	made = t.work(0, batch, rows, rates, nll)
	wait.Wait()
	return made
}

// cut makes the slices of a batch.
func (t *Trainer) cut(batch int) {
	blocks := (batch + block - 1) / block
	t.slices = t.slices[:0]
	for k := range min(blocks, maxSlices) {
		if t.gradients[k] == nil {
			t.gradients[k] = aligned(len(t.engine.weights))
		}
		t.slices = append(t.slices, slice{gradient: t.gradients[k]})
	}
}

// work is what thread i does in Run; all threads return the same.
func (t *Trainer) work(i, batch int, rows []int32, rates, nll []float64) (made int) {
	l, threads := t.learners[i], len(t.learners)
	blocks, count := (batch+block-1)/block, len(t.slices)
	adam := kernel.Adam{Decay1: 0.9, Decay2: 0.999, Epsilon: t.Epsilon, Step: t.steps}
	for step, rate := range rates {
		of := rows[step*batch:][:batch]
		for k := i; k < count; k += threads {
			from, to := k*blocks/count*block, min((k+1)*blocks/count*block, batch)
			l.slice = &t.slices[k]
			t.engine.learn(l, t.data, of[from:to], 1/float32(batch))
		}
		t.barrier.wait()
		mean := 0.0
		for k := range t.slices {
			mean += t.slices[k].nll / float64(batch)
		}
		factor := t.reduce(i)
		if nll != nil {
			nll[step] = mean
		}
		if !finite(mean) || !finite(float64(factor)) {
			return step
		}
		adam.Step++
		for k := i; k < numParts; k += threads {
			if a, b := t.part(k); a < b {
				t.engine.set.Update(adam, rate, factor, t.engine.weights[a:b], t.mean[a:b], t.square[a:b], t.slices[0].gradient[a:b])
			}
		}
		t.barrier.wait()
		if i == 0 {
			t.steps = adam.Step
		}
	}
	return len(rates)
}

// part k of the weights.
func (t *Trainer) part(k int) (from, to int) {
	lines := len(t.engine.weights) / kernel.Lanes
	return k * lines / numParts * kernel.Lanes, (k + 1) * lines / numParts * kernel.Lanes
}

// reduce adds up, in the gradient of the first slice, the parts that thread i updates,
// and returns the factor that clipping multiplies the gradient by, which is NaN if
// the norm is not finite: 1 and NaN without clipping alike.
func (t *Trainer) reduce(i int) float32 {
	for k := i; k < numParts; k += len(t.learners) {
		a, b := t.part(k)
		t.squares[k] = 0
		if a < b {
			sum := t.slices[0].gradient[a:b]
			for _, other := range t.slices[1:] {
				t.engine.set.Add(sum, other.gradient[a:b])
			}
			t.squares[k] = t.engine.set.SumSquares(sum)
		}
	}
	t.barrier.wait()
	squares := 0.0
	for _, part := range t.squares {
		squares += float64(part)
	}
	norm := math.Sqrt(squares)
	switch {
	case !finite(norm):
		return float32(math.NaN())
	case t.ClipNorm > 0 && norm > t.ClipNorm:
		return float32(t.ClipNorm / norm)
	}
	return 1
}

// learn sets the gradient of l to that of Σ -weight·log p over the given rows, and
// l.nll to Σ -log p.
func (e *Engine) learn(l *learner, data []float32, rows []int32, weight float32) {
	clear(l.gradient)
	l.nll = 0
	for start := 0; start < len(rows); start += block {
		chunk := rows[start:min(start+block, len(rows))]
		for f := range e.features {
			v := l.v[f*block:][:block]
			for r, row := range chunk {
				v[r] = data[int(row)*e.features+f]
			}
			clear(v[len(chunk):])
		}
		for r := range l.weight {
			l.weight[r] = 0
			if r < len(chunk) {
				l.weight[r] = weight
			}
		}
		clear(l.total)
		for i := len(e.layers) - 1; i >= 0; i-- {
			e.inverse(l.worker, i, l.tape[i])
			l.keep(&e.layers[i], l.tape[i])
		}
		for r := range chunk {
			l.nll += logSqrt2Pi*float64(e.features) - l.total[r]
		}
		for f := range e.features { // L = Σ weight·(z²/2 - logDet), so dL/dz = weight·z
			d := l.d[f*block:][:block]
			for r, z := range l.v[f*block:][:block] {
				d[r] = l.weight[r] * z
				if r < len(chunk) {
					l.nll += 0.5 * float64(z) * float64(z)
				}
			}
		}
		for i := range e.layers {
			e.backward(l, &e.layers[i], l.tape[i])
		}
	}
}

// keep notes the moving features behind a layer, which the next one may change.
func (l *learner) keep(layer *layer, b *buffers) {
	for m, feature := range layer.moving {
		copy(b.z[m*block:][:block], l.v[feature*block:])
	}
}

// Moments are Adam's of the weights, the trainer's own: with Steps and the weights they
// are all that a run needs to go on elsewhere.
func (t *Trainer) Moments() (mean, square Arrays) {
	return t.engine.arrays(t.mean), t.engine.arrays(t.square)
}

// Steps is the number of updates made.
func (t *Trainer) Steps() int { return t.steps }

// SetSteps says that n updates led to the moments.
func (t *Trainer) SetSteps(n int) { t.steps = n }
