package bench

import (
	"errors"
	"fmt"
	"slices"

	"normflow/internal/nearest"
)

// Engine is one implementation of the model, ready to work.
type Engine interface {
	// NumParameters counts the trained numbers.
	NumParameters() int

	// Train makes count optimizer steps, and returns the NLL of the last one: the
	// mean over its batch by the weights before the update, in nats.
	Train(count int) (nll float64, err error)

	// LogProb fills out, [n], with the log-densities, in nats, of x, [n, D].
	LogProb(out, x []float32) error

	// Sample fills x, [n, D], with draws; the same seed gives the same ones.
	Sample(x []float32, seed int64) error
}

// Start is what an engine starts from.
type Start struct {
	Model    string    // realnvp or nsf
	Features int       // D
	Points   []float32 // [n, D]: step i trains on rows i·Batch and following, around and around
	Batch    int       // events per step; 0 where nothing is trained
	Threads  int       // to use at most
	Weights  string    // a file as [WriteData] writes it; "" for fresh weights
}

// learningRate of Adam, constant.
const learningRate = 1e-3

// engines by their names.
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

// Engines lists the names that [Open] takes.
func Engines() (names []string) {
	for _, e := range engines {
		names = append(names, e.name)
	}
	return names
}

// Open makes the engine called name ready. The error lists the names there are.
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

// Tasks there are.
const (
	Train   = "train"
	LogProb = "logprob"
	Sample  = "sample"
)

var tasks = []string{Train, LogProb, Sample}

// Ask is what to measure.
type Ask struct {
	Engine  string
	Model   string // realnvp or nsf
	Task    string
	Batch   int     // points per step of training, or handed over at a time
	Threads int     // to use at most
	Secs    float64 // of the timed part, at least
	N       int     // points to score or to draw at least
	Data    string  // a file of points
	Weights string  // a file of weights, "" for fresh ones
}

// Check says which field is wrong, what it holds and what it may hold.
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

// DefaultBatches are the batch sizes to measure at unless others are asked for.
func (a Ask) DefaultBatches() []int {
	if a.Task == Train {
		return []int{256, 1024, 4096}
	}
	return []int{a.N}
}
