package experiment_test

import (
	"context"
	"testing"

	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/experiment"
)

func TestProof(t *testing.T) {
	if testing.Short() {
		t.Skip("scores 640,000 points")
	}
	r, err := experiment.Run(context.Background(), backendtest.Open(t), t.TempDir(), smallConfig(), nil)
	if err != nil {
		t.Fatal(err)
	}
	p, err := r.Prove()
	if err != nil {
		t.Fatal(err)
	}
	// The tolerances of a fitted flow; a barely trained one leaks past the window.
	if !(p.Integral > 0.95 && p.Integral < 1.002) || !(p.RoundTrip32 <= 1e-4) || !(p.RoundTrip64 <= 1e-9) || p.Finite != 201_000 {
		t.Errorf("proof: %+v", p)
	}
}
