//go:build unix

package fit

import (
	"math/rand/v2"
	"syscall"
	"testing"

	"normflow/flowlib/flow"
)

// Four devices together compute about as much as one. If each took the whole batch, the
// weights would be right too, and the processor would compute four times as much.
func TestDevicesShareTheWork(t *testing.T) {
	b := onFour(t)
	train := make([][]float64, 8192)
	for i := range train {
		train[i] = []float64{rand.NormFloat64(), rand.NormFloat64()}
	}
	fc := flow.RealNVP(2)
	fc.Layers = 2
	seconds := map[int]float64{}
	for _, devices := range []int{1, 4} {
		m, err := fc.NewModel(b)
		if err != nil {
			t.Fatal(err)
		}
		s, err := NewStepper(m, train, Config{Steps: 30, BatchSize: len(train), LearningRate: 1e-3, EvalEvery: 20, Devices: devices})
		if err == nil {
			_, err = s.Advance(1) // compiles
		}
		if err != nil {
			t.Fatal(err)
		}
		before := processorSeconds(t)
		if _, err := s.Advance(20); err != nil {
			t.Fatal(err)
		}
		seconds[devices] = processorSeconds(t) - before
	}
	t.Logf("20 steps: %.2f s of the processor on one device, %.2f on four", seconds[1], seconds[4])
	if !(seconds[4] < 2*seconds[1]) {
		t.Errorf("20 steps take %.2f s of the processor on four devices, %.2f on one: each takes the whole batch", seconds[4], seconds[1])
	}
}

func processorSeconds(t *testing.T) float64 {
	t.Helper()
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		t.Fatal(err)
	}
	return float64(use.Utime.Nano()+use.Stime.Nano()) / 1e9
}
