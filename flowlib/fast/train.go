package fast

import (
	"fmt"
	"math"
	"sync"
	"time"

	"normflow/internal/kernel"
	"normflow/internal/numbers"
)

// Trainer minimizes the NLL of events with Adam.
//
// A batch is divided into slices, each with its own gradient, which the threads share.
// Then the threads share the weights, each summing and updating parts of them. The
// division into slices and parts, and the order of the sums, do not depend on the number
// of threads; so every bit of the weights is the same for any number.
type Trainer struct {
	ClipNorm    float64 // bound on the norm of the gradient; 0, the default, for none
	Epsilon     float64 // of Adam; 1e-8, the default, is that of Kingma and Ba
	WeightDecay float64 // matrices of the layers shrink by the rate times this (AdamW)

	// Weights says how much each event counts, [n]; nil, the default, for 1 each. The loss
	// of a batch is the mean of weight times NLL.
	Weights []float32

	engine       *Engine
	data         []float32 // [n, D+C]
	steps        int       // updates made
	mean, square []float32 // moments of the weights
	average      []float32 // exponential moving average of the weights
	shrinks      []bool    // shrunk by weight decay
	learners     []*learner
	slices       []slice // of a batch
	gradients    [maxSlices][]float32
	squares      [numParts]float32
	barrier      barrier
	pace         *pace
}

const (
	maxSlices = 8  // of a batch, of at least one block each: more gradients would not fit in the cache
	numParts  = 16 // of the weights
)

// slice is a part of a batch.
type slice struct {
	gradient []float32 // one number per weight
	nll      float64   // sum over its events
}

// learner is the worker of one thread in training.
type learner struct {
	*worker
	d       []float32 // [D, block]: dL/dv
	weight  []float32 // [block]: its weight/B for an event, 0 for padding
	logProb []float64 // [block]
	rows    []float32 // [block, D+C]
	*slice            // being worked on
}

// NewTrainer returns a trainer on the rows of x, [n, D+C]. The moments, with decays 0.9
// and 0.999, start at zero, and the average of the weights at the weights.
func NewTrainer(e *Engine, x []float32) (*Trainer, error) {
	if len(x) == 0 || len(x)%e.columns() != 0 {
		return nil, fmt.Errorf("fast: %d numbers to train on: expected rows of %d", len(x), e.columns())
	}
	if len(e.weights) == 0 && len(e.layers) > 0 {
		return nil, fmt.Errorf("fast: an engine of tables has no weights to train")
	}
	t := &Trainer{
		Epsilon: 1e-8,
		engine:  e, data: x,
		mean: aligned(len(e.weights)), square: aligned(len(e.weights)),
		average: append(aligned(len(e.weights))[:0], e.weights...),
		pace:    newPace(e.threads),
	}
	for range e.threads {
		t.learners = append(t.learners, e.newLearner())
	}
	t.shrinks = make([]bool, len(e.weights))
	for _, a := range e.arrays {
		if a.decays && !a.fixed {
			for i := range a.rows * a.stride {
				t.shrinks[a.at+i] = true
			}
		}
	}
	return t, nil
}

// SetData makes x, [n, D+C], the rows to train on.
func (t *Trainer) SetData(x []float32) {
	if len(x) == 0 || len(x)%t.engine.columns() != 0 {
		panic(fmt.Sprintf("fast: %d numbers to train on: expected rows of %d", len(x), t.engine.columns()))
	}
	t.data = x
}

func (e *Engine) newLearner() *learner {
	return &learner{
		worker: e.newWorker(newPool(true)),
		d:      aligned(e.features * block), weight: aligned(block),
		logProb: make([]float64, block), rows: make([]float32, block*e.columns()),
	}
}

// Run makes one training step for each of rates, on the events with the row numbers in
// rows, equally many per step. It sets nll, as long as rates, to the mean NLL of each
// batch, weighted, before its step, in nats. shares, unless empty, says for each step
// how far the average of the weights moves towards them.
//
// Run returns the number of steps made: fewer than all if an NLL or a gradient was not
// finite. That step changes nothing, and its NLL is in nll; if that is finite, the
// gradient was not.
func (t *Trainer) Run(rows []int32, rates, shares, nll []float64) (made int) {
	if len(rates) == 0 || len(rows) == 0 || len(rows)%len(rates) != 0 || len(nll) != len(rates) || shares != nil && len(shares) != len(rates) {
		panic(fmt.Sprintf("fast: %d rows, %d rates, %d shares and %d NLLs: expected as many rows for each step, and a rate and an NLL", len(rows), len(rates), len(shares), len(nll)))
	}
	// Checked here: a panic in one thread would leave the others waiting for it.
	n := len(t.data) / t.engine.columns()
	if t.Weights != nil && len(t.Weights) != n {
		panic(fmt.Sprintf("fast: %d weights for %d events", len(t.Weights), n))
	}
	for i, row := range rows {
		if row < 0 || int(row) >= n {
			panic(fmt.Sprintf("fast: event %d of the batches is row %d, of %d", i, row, n))
		}
	}
	batch := len(rows) / len(rates)
	t.cut(batch)
	for made < len(rates) {
		choice, n := t.pace.next()
		n = min(n, len(rates)-made)
		var part []float64
		if shares != nil {
			part = shares[made:][:n]
		}
		began := time.Now()
		did := t.turn(t.pace.threads[choice], rows[made*batch:][:n*batch], rates[made:][:n], part, nll[made:][:n])
		t.pace.took(choice, time.Since(began).Seconds()/float64(n))
		if made += did; did < n {
			break
		}
	}
	return made
}

// turn makes steps with the given number of threads, and returns how many. See Run.
func (t *Trainer) turn(threads int, rows []int32, rates, shares, nll []float64) (made int) {
	t.barrier = barrier{threads: int32(threads)}
	var wait sync.WaitGroup
	for i := 1; i < threads; i++ {
		wait.Go(func() { t.work(i, threads, rows, rates, shares, nil) })
	}
	made = t.work(0, threads, rows, rates, shares, nll)
	wait.Wait()
	return made
}

// cut divides a batch into slices.
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

// work is what thread i does in a turn; all threads return the same.
func (t *Trainer) work(i, threads int, rows []int32, rates, shares, nll []float64) (made int) {
	l, batch := t.learners[i], len(rows)/len(rates)
	blocks, count := (batch+block-1)/block, len(t.slices)
	adam := kernel.Adam{Decay1: 0.9, Decay2: 0.999, Epsilon: t.Epsilon, Step: t.steps}
	for step, rate := range rates {
		of := rows[step*batch:][:batch]
		l.prepare()
		for k := i; k < count; k += threads {
			from, to := k*blocks/count*block, min((k+1)*blocks/count*block, batch)
			l.slice = &t.slices[k]
			t.engine.learn(l, t.data, t.Weights, of[from:to], 1/float32(batch))
		}
		t.barrier.wait()
		mean := 0.0
		for k := range t.slices {
			mean += t.slices[k].nll / float64(batch)
		}
		factor := t.reduce(i, threads)
		if nll != nil {
			nll[step] = mean
		}
		if !numbers.Finite(mean) || !numbers.Finite(float64(factor)) {
			return step
		}
		adam.Step++
		for k := i; k < numParts; k += threads {
			a, b := t.part(k)
			if a == b {
				continue
			}
			t.shrink(a, b, float32(1-rate*t.WeightDecay))
			t.engine.set.Update(adam, rate, factor, t.engine.weights[a:b], t.mean[a:b], t.square[a:b], t.slices[0].gradient[a:b])
			if shares != nil {
				moveTo(t.average[a:b], t.engine.weights[a:b], float32(shares[step]))
			}
		}
		t.barrier.wait()
		if i == 0 {
			t.steps = adam.Step
		}
	}
	return len(rates)
}

// part returns the bounds of part k of the weights.
func (t *Trainer) part(k int) (from, to int) {
	lines := len(t.engine.weights) / kernel.Lanes
	return k * lines / numParts * kernel.Lanes, (k + 1) * lines / numParts * kernel.Lanes
}

// reduce adds up, in the gradient of the first slice, the parts that thread i updates,
// and returns the factor by which clipping multiplies the gradient; it is NaN if the norm
// is not finite, without clipping too.
func (t *Trainer) reduce(i, threads int) float32 {
	for k := i; k < numParts; k += threads {
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
	case !numbers.Finite(norm):
		return float32(math.NaN())
	case t.ClipNorm > 0 && norm > t.ClipNorm:
		return float32(t.ClipNorm / norm)
	}
	return 1
}

// shrink applies weight decay to the weights from a to b.
func (t *Trainer) shrink(a, b int, factor float32) {
	if factor == 1 {
		return
	}
	for i, shrinks := range t.shrinks[a:b] {
		if shrinks {
			t.engine.weights[a+i] *= factor
		}
	}
}

func moveTo(average, weights []float32, share float32) {
	for i, w := range weights {
		average[i] += share * (w - average[i])
	}
}

// learn sets the gradient of l to that of Σ -share·weight·log p over the given rows, and
// l.nll to Σ -weight·log p. weights may be nil, for 1 each.
func (e *Engine) learn(l *learner, data, weights []float32, rows []int32, share float32) {
	clear(l.gradient)
	l.nll = 0
	columns := e.columns()
	for start := 0; start < len(rows); start += block {
		chunk := rows[start:min(start+block, len(rows))]
		for r, row := range chunk {
			copy(l.rows[r*columns:][:columns], data[int(row)*columns:])
		}
		l.load(l.rows, len(chunk))
		weight := func(row int32) float32 {
			if weights == nil {
				return 1
			}
			return weights[row]
		}
		clear(l.weight)
		for r, row := range chunk {
			l.weight[r] = share * weight(row)
		}
		l.inverse()
		logProb := l.logProb[:len(chunk)]
		copy(logProb, l.total)
		l.base.gradient(l, logProb)
		for r, lp := range logProb {
			l.nll -= float64(weight(chunk[r])) * lp
		}
		for _, layer := range l.layers {
			layer.backward(l)
		}
	}
	for _, layer := range l.layers {
		layer.finish(l)
	}
}

// Moments returns Adam's moments of the weights, the trainer's own. With Steps and the
// weights they are all that is needed to continue a run elsewhere.
func (t *Trainer) Moments() (mean, square Arrays) {
	return Arrays{t.engine.arrays, t.mean}, Arrays{t.engine.arrays, t.square}
}

// Average returns the average of the weights, the trainer's own.
func (t *Trainer) Average() Arrays { return Arrays{t.engine.arrays, t.average} }

// Steps returns the number of updates made.
func (t *Trainer) Steps() int { return t.steps }

// SetSteps sets the number of updates that led to the moments.
func (t *Trainer) SetSteps(n int) { t.steps = n }

// WithAverage calls do while the engine holds the average of the weights.
func (t *Trainer) WithAverage(do func()) {
	e := t.engine
	e.weights, t.average = t.average, e.weights
	do()
	e.weights, t.average = t.average, e.weights
}
