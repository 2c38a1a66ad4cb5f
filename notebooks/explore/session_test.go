package explore

import (
	"math"
	"testing"
)

// small is a flow that trains in no time.
func small(data string) Settings {
	s := Default(data)
	s.Layers, s.Hidden, s.Steps = 2, 8, 40
	return s
}

func trained(t *testing.T, s Settings) *session {
	t.Helper()
	in, err := newScene(s.Data)
	if err != nil {
		t.Fatal(err)
	}
	run, err := newSession(s, in)
	if err != nil {
		t.Fatal(err)
	}
	for !run.done() {
		if err := run.advance(); err != nil {
			t.Fatal(err)
		}
	}
	return run
}

func near(t *testing.T, what string, got, want, tol float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tol) {
		t.Errorf("%s is %.6f, expected %.6f within %g", what, got, want, tol)
	}
}

// The same settings give the same flow, whatever the pace; another seed another one.
func TestTrainingIsRepeatable(t *testing.T) {
	s := small("pinwheel")
	one, two := trained(t, s), trained(t, s)
	s.Seed = 1
	other := trained(t, s)
	if a, b := one.points[len(one.points)-1].kl, two.points[len(two.points)-1].kl; a != b {
		t.Errorf("KL %v, then %v", a, b)
	}
	if len(one.points) != len(two.points) || one.points[3].step != two.points[3].step {
		t.Errorf("points at other steps: %d and %d of them", len(one.points), len(two.points))
	}
	if one.points[4].kl == other.points[4].kl {
		t.Error("another seed gave the same flow")
	}
}
