package bench

import (
	"math"
	"testing"
	"time"
)

// counted is an engine that does nothing but note what it is asked for.
type counted struct {
	calls  int
	steps  int
	points int
	chunks map[int64]int // of Sample: how many points each seed was to draw, in the last call
	cold   [2]float64    // seconds since the start: at the end of the first call, at the beginning of the second
}

func (e *counted) call() func() {
	if e.calls++; e.calls == 2 {
		e.cold[1] = sinceStart().Seconds()
	}
	return func() {
		if e.calls == 1 {
			e.cold[0] = sinceStart().Seconds()
		}
	}
}

func (e *counted) NumParameters() int { return 1 }

// Train says for the NLL of a step how many there were with it.
func (e *counted) Train(count int) (nll float64, err error) {
	defer e.call()()
	time.Sleep(time.Millisecond) // or ever more steps would be asked for
	e.steps += count
	return float64(e.steps), nil
}

// LogProb sets the log-density of x to x.
func (e *counted) LogProb(out, x []float32) error {
	defer e.call()()
	e.points += len(out)
	for i := range out {
		out[i] = x[2*i]
	}
	return nil
}

// Sample draws the seed.
func (e *counted) Sample(x []float32, seed int64) error {
	defer e.call()()
	e.points += len(x) / 2
	e.chunks[seed] = len(x) / 2
	for i := range x {
		x[i] = float32(seed)
	}
	return nil
}

func (e *counted) checkCold(t *testing.T, line Line) {
	t.Helper()
	if line.Cold < e.cold[0] || line.Cold > e.cold[1] {
		t.Errorf("cold start of %g s; the first call ended at %g, the second began at %g", line.Cold, e.cold[0], e.cold[1])
	}
}

func TestTrainingCountsItsSteps(t *testing.T) {
	e, line := &counted{}, Line{}
	if err := measureTraining(t.Context(), e, Ask{Secs: 0.01}, &line); err != nil {
		t.Fatal(err)
	}
	if *line.EarlyLoss != 50 || *line.Loss != 200 {
		t.Errorf("losses of steps %g and %g, want 50 and 200", *line.EarlyLoss, *line.Loss)
	}
	if line.Steps != e.steps-200 || line.Steps < 1 {
		t.Errorf("%d steps in the timed part; %d were made after the first 200", line.Steps, e.steps-200)
	}
	e.checkCold(t, line)
}

func TestLossThatIsNotFinite(t *testing.T) {
	nan := nanEngine{&counted{}}
	if err := measureTraining(t.Context(), nan, Ask{Secs: 0.01}, &Line{}); err == nil {
		t.Error("a loss of NaN: no error")
	}
	if err := measurePoints(t.Context(), nan, Ask{Task: LogProb, N: 5, Batch: 5, Secs: 0.01}, []float32{1, 2}, 2, &Line{}); err == nil {
		t.Error("log-densities of NaN: no error")
	}
}

type nanEngine struct{ *counted }

func (nanEngine) Train(int) (float64, error) { return math.NaN(), nil }

func (nanEngine) LogProb(out, x []float32) error {
	out[len(out)-1] = float32(math.NaN())
	return nil
}

// Two points of data become seven, in chunks of three.
func TestPointsAreCounted(t *testing.T) {
	a := Ask{Task: LogProb, N: 7, Batch: 3, Secs: 0.01}
	e, line := &counted{}, Line{}
	if err := measurePoints(t.Context(), e, a, []float32{1, 0, 8, 0}, 2, &line); err != nil {
		t.Fatal(err)
	}
	if line.N != e.points-3 || line.N < 7 {
		t.Errorf("%d points in the timed part; %d were scored after the first chunk", line.N, e.points-3)
	}
	if want := -(4*1 + 3*8) / 7.0; math.Abs(*line.NLL-want) > 1e-12 {
		t.Errorf("NLL %g, want %g", *line.NLL, want)
	}
	e.checkCold(t, line)

	a.Task = Sample
	e, line = &counted{chunks: map[int64]int{}}, Line{}
	if err := measurePoints(t.Context(), e, a, []float32{1, 0, 8, 0}, 2, &line); err != nil {
		t.Fatal(err)
	}
	if line.N != e.points-3-7 { // the draws are scored at the end
		t.Errorf("%d points in the timed part; %d were drawn after the first chunk", line.N, e.points-3-7)
	}
	if len(e.chunks) != 3 || e.chunks[0] != 3 || e.chunks[3] != 3 || e.chunks[6] != 1 {
		t.Errorf("points by seed: %v, want 3, 3 and 1 of seeds of their own", e.chunks)
	}
	if want := -(3*0 + 3*3 + 6) / 7.0; math.Abs(*line.NLL-want) > 1e-12 {
		t.Errorf("NLL of the draws %g, want %g", *line.NLL, want)
	}
}

// What the fast engine scores in several calls comes out where it belongs.
func TestFastEngineScoresAllPoints(t *testing.T) {
	const n = 1<<16 + 5
	points := repeat([]float32{0, 0, 1, 2, 3, 1}, 2*n) // of period 3, which does not divide the length of a call
	e, err := Open("fast", Start{Model: "realnvp", Features: 2, Points: points, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	out := make([]float32, n)
	if err := e.LogProb(out, points); err != nil {
		t.Fatal(err)
	}
	for i := 3; i < n; i++ {
		if out[i] != out[i-3] {
			t.Fatalf("log p of point %d is %g, of the same point before %g", i, out[i], out[i-3])
		}
	}
	if out[0] == out[1] || out[1] == out[2] {
		t.Errorf("log p of three points: %v", out[:3])
	}
}
