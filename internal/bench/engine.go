package bench

import (
	"errors"
	"fmt"
	"slices"

	"normflow/internal/nearest"
)

// Engine is one implementation of the model, ready to work. It is not a density.Scorer:
// engines are measured on float32, which they compute in, like the programs they are
// compared with.
type Engine interface {
	// NumParameters returns the number of trained numbers.
	NumParameters() int

	// Train makes count optimizer steps, and returns the NLL of the last: the mean over
	// its batch, before the update, in nats.
	Train(count int) (nll float64, err error)

	// LogProb fills out, [n], with the log-densities, in nats, of x, [n, D].
	LogProb(out, x []float32) error

	// Sample fills x, [n, D], with draws. The same seed gives the same draws.
	Sample(x []float32, seed int64) error
}

// Start is what an engine starts from.
type Start struct {
	Model    string    // realnvp or nsf
	Features int       // D
	Points   []float32 // [n, D]: step i trains on the rows from i·Batch on, cyclically
	Batch    int       // events per step; 0 if nothing is trained
	Threads  int       // maximum number
	Weights  string    // a file written by [WriteData]; "" for new weights
}

// learningRate of Adam, constant.
const learningRate = 1e-3

// engines by name.
var engines = []struct {
	name string
	open func(Start) (Engine, error)
}{
	{"byhand", openByHand},
	{"fast", openFast},
	{"knots", openKnots},
	{"xla", func(s Start) (Engine, error) { return openGoMLX("xla:cpu", s) }},
	{"go", func(s Start) (Engine, error) { return openGoMLX("go", s) }},
}

// Engines lists the names that [Open] accepts.
func Engines() (names []string) {
	for _, e := range engines {
		names = append(names, e.name)
	}
	return names
}

// Open returns the engine called name, ready to work. The error lists the names.
func Open(name string, s Start) (Engine, error) {
	for _, e := range engines {
		if e.name == name {
			if (name == "byhand" || name == "knots") && (s.Model != "realnvp" || s.Features != 2) {
				return nil, fmt.Errorf("the engine %s has realnvp over 2 features alone, asked for was %s over %d", name, s.Model, s.Features)
			}
			return e.open(s)
		}
	}
	return nil, unknown("engine", name, Engines())
}

func unknown(what, got string, known []string) error {
	return errors.New(nearest.Unknown(what, got, known))
}

// Tasks that can be measured.
const (
	Train   = "train"
	LogProb = "logprob"
	Sample  = "sample"
)

var tasks = []string{Train, LogProb, Sample}

// Ask says what to measure.
type Ask struct {
	Engine  string
	Model   string // realnvp or nsf
	Task    string
	Batch   int     // points per training step, or per call
	Threads int     // maximum number
	Secs    float64 // least duration of the timed part
	N       int     // points to score or draw, at least
	Data    string  // a file of points
	Weights string  // a file of weights, "" for new ones
}

// Check returns an error that names the wrong field, its value and what it may be.
func (a Ask) Check() error {
	switch {
	case !slices.Contains(Engines(), a.Engine):
		return unknown("engine", a.Engine, Engines())
	case !slices.Contains(models, a.Model):
		return unknown("model", a.Model, models)
	case !slices.Contains(tasks, a.Task):
		return unknown("task", a.Task, tasks)
	case a.Batch < 1:
		return fmt.Errorf("batch must be at least 1, found %d", a.Batch)
	case a.Threads < 1:
		return fmt.Errorf("threads must be at least 1, found %d", a.Threads)
	case !(a.Secs > 0 && a.Secs <= 3600):
		return fmt.Errorf("secs must be above 0 and at most 3600, found %g", a.Secs)
	case a.N < 1:
		return fmt.Errorf("n must be at least 1, found %d", a.N)
	case a.Data == "":
		return fmt.Errorf("data must name a file of points (flow bench-data -o DIR makes one)")
	}
	return nil
}

// DefaultBatches returns the batch sizes to measure by default.
func (a Ask) DefaultBatches() []int {
	if a.Task == Train {
		return []int{256, 1024, 4096}
	}
	return []int{a.N}
}
