package bench

import (
	"context"
	"fmt"
	"math"
	"time"

	"normflow/internal/memory"
)

// The steps, counted from 1, whose NLLs are compared. Rounding errors grow from step to
// step: equivalent programs agree to 1e-5 at the first and to 1e-2 at the second.
const (
	earlyStep = 50
	lossStep  = 200
)

// The spline flow's are fewer, because some programs make only a few of its steps per
// second.
const (
	earlyStepNSF = 10
	lossStepNSF  = 40
)

// Measure makes one measurement in this process, which must not have done anything
// before: the cold start counts from its beginning, and so does peak memory.
func Measure(ctx context.Context, a Ask) (Line, error) {
	if err := a.Check(); err != nil {
		return Line{}, fmt.Errorf("bench: %w", err)
	}
	if err := limitThreads(a.Threads); err != nil {
		return Line{}, fmt.Errorf("bench: %w", err)
	}
	points, features, err := ReadPoints(a.Data)
	if err != nil {
		return Line{}, err
	}
	start := Start{Model: a.Model, Features: features, Points: points, Threads: a.Threads, Weights: a.Weights}
	if a.Task == Train {
		start.Batch = a.Batch
	}
	e, err := Open(a.Engine, start)
	if err != nil {
		return Line{}, fmt.Errorf("bench: engine %s: %w", a.Engine, err)
	}
	line := Line{Lib: a.Engine, Model: a.Model, Features: features, Task: a.Task, Batch: a.Batch, Threads: a.Threads, NumParameters: e.NumParameters()}
	if a.Task == Train {
		err = measureTraining(ctx, e, a, &line)
	} else {
		err = measurePoints(ctx, e, a, points, features, &line)
	}
	if err != nil {
		return Line{}, fmt.Errorf("bench: engine %s: %w", a.Engine, err)
	}
	line.Memory = float64(memory.Peak()) / (1 << 20)
	return line, nil
}

func measureTraining(ctx context.Context, e Engine, a Ask, line *Line) error {
	if _, err := e.Train(1); err != nil {
		return err
	}
	line.Cold = sinceStart().Seconds()
	made, early, late := 1, earlyStep, lossStep
	if a.Model == "nsf" {
		early, late = earlyStepNSF, lossStepNSF
	}
	for _, at := range []struct {
		step int
		loss **float64
	}{{early, &line.EarlyLoss}, {late, &line.Loss}} {
		loss, err := e.Train(at.step - made)
		if err != nil {
			return err
		}
		if math.IsNaN(loss) || math.IsInf(loss, 0) {
			return fmt.Errorf("the loss of step %d is %g", at.step, loss)
		}
		made, *at.loss = at.step, &loss
	}
	count := 1
	return timed(ctx, a.Secs, line, func() error {
		began := time.Now()
		_, err := e.Train(count)
		line.Steps += count
		// Calls take at least a tenth of a second, so that engines that return between
		// calls do not do so more often than in normal use.
		if time.Since(began) < 100*time.Millisecond {
			count *= 2
		}
		return err
	})
}

// measurePoints scores or draws a.N points, a.Batch at a time, at least once.
func measurePoints(ctx context.Context, e Engine, a Ask, points []float32, d int, line *Line) error {
	x, out := repeat(points, a.N*d), make([]float32, a.N)
	chunk := func(first int) error {
		last := min(first+a.Batch, a.N)
		if a.Task == Sample {
			return e.Sample(x[first*d:last*d], int64(first))
		}
		return e.LogProb(out[first:last], x[first*d:last*d])
	}
	if err := chunk(0); err != nil {
		return err
	}
	line.Cold = sinceStart().Seconds()
	err := timed(ctx, a.Secs, line, func() error {
		for first := 0; first < a.N; first += a.Batch {
			if err := chunk(first); err != nil {
				return err
			}
		}
		line.N += a.N
		return nil
	})
	if err != nil {
		return err
	}
	if a.Task == Sample {
		out = out[:min(len(out), 100_000)] // more would not make the mean more certain than necessary
		if err := e.LogProb(out, x[:len(out)*d]); err != nil {
			return err
		}
	}
	sum := 0.0
	for _, lp := range out {
		sum -= float64(lp)
	}
	nll := sum / float64(len(out))
	if math.IsNaN(nll) || math.IsInf(nll, 0) {
		return fmt.Errorf("the mean of the log-densities is %g", -nll)
	}
	line.NLL = &nll
	return nil
}

// timed repeats work until secs have passed or the context ends.
func timed(ctx context.Context, secs float64, line *Line, work func() error) error {
	wall, cpu := time.Now(), CPUTime()
	for time.Since(wall).Seconds() < secs {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := work(); err != nil {
			return err
		}
	}
	line.Secs, line.CPU = time.Since(wall).Seconds(), (CPUTime() - cpu).Seconds()
	return nil
}
