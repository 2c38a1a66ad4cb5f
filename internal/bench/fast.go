package bench

import (
	"fmt"

	"normflow/flowlib/fast"
	"normflow/internal/names"
)

// fastEngine is package fast.
type fastEngine struct {
	engine  *fast.Engine
	trainer *fast.Trainer
	events  int // number of training events
	batch   int
	step    int
	logProb []float64
}

func openFast(s Start) (Engine, error) {
	of, err := config(s.Model, s.Features).Fast()
	if err != nil {
		return nil, err
	}
	e := &fastEngine{events: len(s.Points) / s.Features, batch: s.Batch}
	if e.engine, err = fast.New(of, s.Threads); err != nil {
		return nil, err
	}
	values, err := weightsOf(s)
	if err != nil {
		return nil, err
	}
	weights := e.engine.Weights()
	for i := range weights.Len() {
		path := names.FlowPrefix + weights.Name(i)
		own := make([]float32, weights.Size(i))
		if err := fill(own, values, path); err != nil {
			return nil, err
		}
		weights.Set(i, own)
	}
	if s.Batch > 0 {
		e.trainer, err = fast.NewTrainer(e.engine, s.Points)
	}
	return e, err
}

func (e *fastEngine) NumParameters() int { return e.engine.NumParameters() }

func (e *fastEngine) Train(count int) (nll float64, err error) {
	for count > 0 {
		n := min(count, stepsPerCall)
		rows, rates, nlls := make([]int32, n*e.batch), make([]float64, n), make([]float64, n)
		for i := range rows {
			rows[i] = int32((e.step*e.batch + i) % e.events)
		}
		for i := range rates {
			rates[i] = learningRate
		}
		if made := e.trainer.Run(rows, rates, nil, nlls); made < n {
			return 0, fmt.Errorf("the NLL of step %d or its gradient is not finite", e.step+made+1)
		}
		e.step += n
		count -= n
		nll = nlls[n-1]
	}
	return nll, nil
}

func (e *fastEngine) LogProb(out, x []float32) error {
	const chunk = 1 << 16 // as a program that reads a file would
	if e.logProb == nil {
		e.logProb = make([]float64, chunk)
	}
	for len(out) > 0 {
		n := min(len(out), chunk)
		e.engine.LogProb(e.logProb[:n], x[:n*e.engine.Features()])
		for i, lp := range e.logProb[:n] {
			out[i] = float32(lp)
		}
		out, x = out[n:], x[n*e.engine.Features():]
	}
	return nil
}

func (e *fastEngine) Sample(x []float32, seed int64) error {
	e.engine.Sample(x, nil, nil, seed, 0, 1)
	return nil
}
