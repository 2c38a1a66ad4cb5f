package fit_test

import (
	"context"
	"testing"

	"normflow/flowlib/fit"
)

// A large network on a few events soon fits them too well. The run without
// patience says where the one with it must stop: at the first point that makes so
// many in a row without a better one.
func TestPatience(t *testing.T) {
	overfit := func(patience int) fit.Result {
		cfg := smallConfig()
		cfg.Steps, cfg.EvalEvery, cfg.LearningRate, cfg.WarmUp, cfg.BatchSize, cfg.Patience = 300, 5, 3e-2, 0, 16, patience
		r, err := fit.Run(context.Background(), newModel(t), ring(1, 16), ring(2, 100), cfg, nil)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	whole := overfit(0)
	if whole.Stopped != fit.BySteps || len(whole.Curve) != 60 {
		t.Fatalf("without patience the run stopped by %q after %d points of 60", whole.Stopped, len(whole.Curve))
	}
	stops := map[int]bool{}
	for _, patience := range []int{1, 4, 12} {
		best, bad, stop := whole.Curve[0], 0, 0
		for i, p := range whole.Curve {
			if i > 0 && !(p.Valid < best.Valid) {
				bad++
			} else {
				best, bad = p, 0
			}
			if bad == patience {
				stop = i + 1
				break
			}
		}
		if stop == 0 {
			t.Fatalf("the validation NLL never fails to fall for %d points: %v", patience, whole.Curve)
		}
		stops[stop] = true
		r := overfit(patience)
		if r.Stopped != fit.ByPatience || len(r.Curve) != stop || r.BestStep != best.Step || r.BestValid != best.Valid {
			t.Errorf("patience %d: stopped by %q after %d points, best %g at step %d; want %d points, best %g at step %d",
				patience, r.Stopped, len(r.Curve), r.BestValid, r.BestStep, stop, best.Valid, best.Step)
		}
	}
	if len(stops) < 2 {
		t.Errorf("all patiences stop at the same point: %v", stops)
	}
}

// The run that patience ended is finished: taken up from its checkpoint it makes
// no further step, and one that was interrupted before counts on.
func TestPatienceOutlastsAnInterruption(t *testing.T) {
	cfg := everything()
	cfg.Steps, cfg.LearningRate, cfg.Patience = 200, 0.1, 2
	whole := newModel(t)
	want := run(t, whole, cfg)
	if last := want.Curve[len(want.Curve)-1]; want.Stopped != fit.ByPatience || last.Step <= 40 {
		t.Fatalf("stopped by %q at step %d; the test wants patience, after step 40", want.Stopped, last.Step)
	}
	resumesTo(t, newModel, cfg, whole, want)
}
