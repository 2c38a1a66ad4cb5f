package fit

import (
	"math"
	"path/filepath"
	"strings"
	"testing"

	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/dataset"
	"normflow/flowlib/flow"
)

// still is an engine that makes no step.
type still struct {
	*trainer
	made int
}

func (s *still) name() string { return "still" }

func (s *still) steps(first, count int) (outcome, error) {
	s.made += count
	return outcome{sum: float64(first + count), bad: -1}, nil
}

func (s *still) reload() error { return nil }

func (s *still) validate() ([]float64, error) {
	return []float64{-float64(len(s.valid)) / float64(s.made)}, nil
}

// An engine needs no more than its methods and a name: runs, checkpoints and the check of
// a config take it from there.
func TestAnEngineOfAnotherKind(t *testing.T) {
	engines["still"] = func(t *trainer) (engine, error) { return &still{trainer: t}, nil }
	defer delete(engines, "still")
	m, err := flow.RealNVP(2).NewModel(backendtest.Open(t))
	if err != nil {
		t.Fatal(err)
	}
	rows := dataset.TwoMoons(0.1).Sample(1, 30)
	cfg := Config{Steps: 5, BatchSize: 4, LearningRate: 1e-3, EvalEvery: 2, Engine: "still", Checkpoint: filepath.Join(t.TempDir(), "c")}
	r, err := Run(t.Context(), m, rows, rows[:10], cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []Point{{2, 1, 5, 0}, {4, 2, 2.5, 0}, {5, 5, 2, 0}}
	for i, p := range r.Curve {
		if p.Step != want[i].Step || !(math.Abs(p.Train-want[i].Train) < 1e-12) || p.Valid != want[i].Valid {
			t.Errorf("point %d is %+v, want %+v", i, p, want[i])
		}
	}
	tr, err := newTrainer(m, rows, rows[:10], cfg)
	if err != nil {
		t.Fatal(err)
	}
	s, err := newState(tr)
	if err != nil || s.step != 5 {
		t.Errorf("resumed at step %d: %v", s.step, err)
	}
	if id, err := s.identity(); err != nil || !strings.Contains(id, `"Backend":"still"`) {
		t.Errorf("the run is %s, %v", id, err)
	}
}
