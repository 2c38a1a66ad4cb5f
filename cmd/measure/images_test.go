package main

import (
	"strings"
	"testing"

	"normflow/flowlib/imageset/digits"
)

// The simple models cost what others measured on such splits: 2.43 and 2.96 bits.
func TestImagesBaselines(t *testing.T) {
	parts := digits.Load().Split(3, imagesTest, imagesValid)
	s := imagesSplit{test: parts[0], valid: parts[1], train: parts[2], seed: 3}
	for _, model := range []struct {
		fit      func() (imagesRow, error)
		from, to float64
	}{{s.histograms, 2.40, 2.46}, {s.gaussian, 2.85, 3.05}} {
		r, err := model.fit()
		if err != nil || !(r.PerDim > model.from && r.PerDim < model.to) || !(r.StdErr > 0 && r.StdErr < 0.05) {
			t.Errorf("%+v, %v: expected %g to %g", r, err, model.from, model.to)
		}
	}
}

func TestImagesCalls(t *testing.T) {
	for _, call := range []string{"images --steps=0", "images --seeds=x", "images more"} {
		if got := run(t.Context(), strings.Fields(call)); got != 2 {
			t.Errorf("%q: status %d, expected 2", call, got)
		}
	}
}
