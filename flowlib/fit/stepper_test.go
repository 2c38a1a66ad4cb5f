package fit

import (
	"math"
	"strings"
	"testing"

	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/flow"
)

func stepperModel(t *testing.T) *flow.Model {
	t.Helper()
	fc := flow.RealNVP(2)
	fc.Layers, fc.Hidden = 2, []int{8}
	m, err := fc.NewModel(backendtest.Open(t))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// The first NLL is that of the weights as they were, over the first rows of the
// data where batches are in order, and several calls make the steps of one.
func TestStepperStartsFromTheModelAndGoesOn(t *testing.T) {
	train := [][]float64{}
	for i := range 48 {
		train = append(train, []float64{float64(i % 7), math.Sin(float64(i))})
	}
	cfg := Config{Steps: 20, BatchSize: 16, LearningRate: 1e-2, EvalEvery: 4, InOrder: true, Constant: true}
	m := stepperModel(t)
	before, err := m.LogProb(train)
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewStepper(m, train, cfg)
	if err != nil {
		t.Fatal(err)
	}
	first, err := s.Advance(1)
	if err != nil {
		t.Fatal(err)
	}
	want := 0.0
	for _, lp := range before[:16] {
		want -= lp / 16
	}
	if !(math.Abs(first-want) <= 1e-5) { // float32
		t.Errorf("the first NLL is %g, that of the first 16 rows is %g", first, want)
	}
	rest, err := s.Advance(9) // more than one call to the device
	if err != nil {
		t.Fatal(err)
	}
	if s, err = NewStepper(stepperModel(t), train, cfg); err != nil {
		t.Fatal(err)
	}
	all, err := s.Advance(10)
	if err != nil {
		t.Fatal(err)
	}
	if !(math.Abs(10*all-(first+9*rest)) <= 1e-4) {
		t.Errorf("ten steps have NLLs of mean %g, in two calls %g", all, (first+9*rest)/10)
	}
	if !(all < first-1e-3) {
		t.Errorf("the NLL starts at %g and has mean %g: nothing is trained", first, all)
	}
	if _, err := s.Advance(11); err == nil || !strings.Contains(err.Error(), "10 of 20") {
		t.Errorf("beyond the last step: got %v", err)
	}
}

func TestStepperNamesTheStepThatIsNotFinite(t *testing.T) {
	train := [][]float64{{1, 1}, {1e30, 1}} // its square overflows float32
	s, err := NewStepper(stepperModel(t), train, Config{Steps: 9, BatchSize: 1, LearningRate: 1e-3, EvalEvery: 3, InOrder: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Advance(3); err == nil || !strings.Contains(err.Error(), "not finite at step 2:") {
		t.Errorf("got %v, want an error that names step 2", err)
	}
}
