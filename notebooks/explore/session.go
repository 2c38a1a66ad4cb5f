package explore

import (
	"fmt"
	"math"
	"strings"
	"time"

	"normflow/flowlib/backend"
	"normflow/flowlib/dataset"
	"normflow/flowlib/fast"
	"normflow/flowlib/fit"
	"normflow/flowlib/flow"
	"normflow/internal/names"
)

// trainEvents is the size of the training set, as in the experiments of the notebooks.
const trainEvents = 20_000

// session is one flow and its training, which pauses between calls.
type session struct {
	*scene
	settings Settings
	model    *flow.Model // holds the newest weights
	stepper  *fit.Stepper
	engine   *fast.Engine // shows states
	places32 []float32    // standardized
	test32   []float32
	points   []point // of the curve, newest last
	step     int
	pace     float64 // seconds per step
	started  time.Time
	seconds  float64 // from the start to the newest step
}

// point is a state of the training that is kept.
type point struct {
	step    int
	weights [][]float32
	kl      estimate
}

type estimate struct{ mean, se float64 } // nats

// newSession returns a session whose flow is initialized by data.
func newSession(s Settings, in *scene) (*session, error) {
	c, err := s.Flow()
	if err != nil {
		return nil, err
	}
	t := &session{scene: in, settings: s, started: time.Now()}
	train := in.density.Draw(s.Seed, trainEvents, 1, 1).Train
	if c.Scaler, err = dataset.NewStandardizer(train); err != nil {
		return nil, err
	}
	b, err := backend.Open("go") // holds the weights; it starts at once, and package fast trains
	if err != nil {
		return nil, err
	}
	if t.model, err = c.NewModel(b); err != nil {
		return nil, err
	}
	if t.stepper, err = fit.NewStepper(t.model, train, s.training(c)); err != nil {
		return nil, err
	}
	f, err := c.Fast()
	if err != nil {
		return nil, err
	}
	if t.engine, err = fast.New(f, 0); err != nil {
		return nil, err
	}
	units := t.model.Units()
	t.places32, t.test32 = units.Append32(nil, in.places...), units.Append32(nil, in.test...)
	return t, t.keep()
}

// done reports whether all steps have been made.
func (t *session) done() bool { return t.step == t.settings.Steps }

// advance makes as many steps as take about 20 ms, but not beyond the next point of the
// curve, which it then keeps.
func (t *session) advance() error {
	const slice = 0.02 // seconds
	count := 1
	if t.pace > 0 {
		count = max(1, int(slice/t.pace))
	}
	next := nextPoint(t.step, t.settings.Steps)
	count = min(count, next-t.step)
	start := time.Now()
	if _, err := t.stepper.Advance(count); err != nil {
		return err
	}
	t.pace = time.Since(start).Seconds() / float64(count)
	t.step += count
	t.seconds = time.Since(t.started).Seconds()
	if t.step == next {
		return t.keep()
	}
	return nil
}

// nextPoint returns the step of the next point of the curve. At the beginning, when most
// is learned, points are close together; there are about fifty in all.
func nextPoint(step, steps int) int {
	every := max(1, steps/200)
	if step >= steps/10 {
		every = max(1, steps/40)
	}
	return min((step/every+1)*every, steps)
}

// keep adds the newest state to the curve.
func (t *session) keep() error {
	weights, err := t.weights()
	if err != nil {
		return err
	}
	p := point{step: t.step, weights: weights}
	t.load(weights, t.settings.Layers, 0)
	count := few
	if t.done() {
		count = events
	}
	if p.kl, err = t.judge(count); err != nil {
		return err
	}
	t.points = append(t.points, p)
	return nil
}

// weights returns the newest weights, in the order of the engine's arrays.
func (t *session) weights() ([][]float32, error) {
	all, err := t.model.Weights()
	if err != nil {
		return nil, err
	}
	of := map[string][]float32{}
	for _, w := range all {
		values := make([]float32, len(w.Values))
		for i, v := range w.Values {
			values[i] = float32(v)
		}
		of[w.Path] = values
	}
	arrays := t.engine.Weights()
	out := make([][]float32, arrays.Len())
	for i := range out {
		out[i] = of[names.FlowPrefix+arrays.Name(i)]
		if out[i] == nil {
			return nil, fmt.Errorf("explore: the model has no variable %s", arrays.Name(i))
		}
	}
	return out, nil
}

// load sets the engine to the first layers of a state and a share of the next one. A
// coupling whose network returns 0 is the identity; in between, every share of its last
// layer gives an invertible map.
func (t *session) load(weights [][]float32, layers int, share float64) {
	arrays := t.engine.Weights()
	for i, values := range weights {
		var layer int
		place, last, isOut := strings.Cut(arrays.Name(i), "/conditioner/out/")
		if _, err := fmt.Sscanf(place, names.Place, &layer); isOut && err == nil && last != "" && layer >= layers {
			by := float32(0)
			if layer == layers {
				by = float32(share)
			}
			scaled := make([]float32, len(values))
			for k, v := range values {
				scaled[k] = by * v
			}
			values = scaled
		}
		arrays.Set(i, values)
	}
}

// judge estimates KL(p‖q) of what the engine holds on the first count test events.
func (t *session) judge(count int) (estimate, error) {
	logProb := make([]float64, count)
	t.engine.LogProb(logProb, t.test32[:2*count])
	logDet := t.model.Units().LogDet()
	sum, squares := 0.0, 0.0
	for i, v := range logProb {
		gap := t.logProb[i] - (v + logDet)
		sum, squares = sum+gap, squares+gap*gap
	}
	n := float64(count)
	e := estimate{mean: sum / n}
	e.se = math.Sqrt(max(squares/n-e.mean*e.mean, 0) / n)
	if math.IsNaN(e.mean) || math.IsInf(e.mean, 0) || math.IsInf(e.se, 0) {
		return e, fmt.Errorf("explore: the log-density is not finite on the test events after %d steps", t.step)
	}
	return e, nil
}
