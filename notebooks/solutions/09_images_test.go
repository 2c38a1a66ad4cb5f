package solutions

import (
	"math"
	"math/rand/v2"
	"testing"

	"normflow/flowlib/imageset"
	"normflow/flowlib/imageset/digits"
)

// bitsPerDim turns a log-density of a dequantized picture, in nats, into bits per dimension.
func bitsPerDim(nats float64, pixels int) float64 { return -nats / (math.Ln2 * float64(pixels)) }

// At 2 bits for each of 64 pixels a digit is 16 bytes.
func TestBitsOfKnowingNothing(t *testing.T) {
	if got := bitsPerDim(-64*math.Log(17), 64); !(math.Abs(got-math.Log2(17)) <= 1e-12) || !(math.Abs(got-4.087) <= 1e-3) {
		t.Errorf("got %g bits, want log₂ 17", got)
	}
}

// typical is the two-sided p-value of a picture among held-out ones.
func typical(heldOut []float64, bits float64) float64 {
	least, most := 1, 1 // the picture itself
	for _, b := range heldOut {
		if b >= bits {
			least++
		}
		if b <= bits {
			most++
		}
	}
	return min(1, 2*float64(min(least, most))/float64(len(heldOut)+1))
}

func TestTypical(t *testing.T) {
	heldOut := make([]float64, 99)
	rng := rand.New(rand.NewPCG(1, 2))
	flagged, trials := 0, 10000
	for range trials {
		for i := range heldOut {
			heldOut[i] = 2 + 0.2*rng.NormFloat64()
		}
		if typical(heldOut, 2+0.2*rng.NormFloat64()) <= 0.1 {
			flagged++
		}
	}
	if share := float64(flagged) / float64(trials); share < 0.085 || share > 0.115 { // five standard errors
		t.Errorf("flagged %.4f of the digits, promised 0.1", share)
	}
	if p := typical(heldOut, 1); p != 2.0/100 {
		t.Errorf("a blank picture has p = %g, want 0.02", p)
	}
}

// Digits are centered, and a model knows it: even histograms of single pixels do.
func TestShiftsCostBits(t *testing.T) {
	parts := digits.Load().Split(0, 360)
	h := imageset.NewHistogram(parts[1])
	mean := func(s *imageset.Set) (sum float64) {
		for i := range s.Len() {
			sum += bitsPerDim(h.LogProb(s.Picture(i)), 64) / float64(s.Len())
		}
		return sum
	}
	if centered, moved := mean(parts[0]), mean(parts[0].Shift(1, 0)); !(moved > centered+0.5) {
		t.Errorf("shifted digits cost %.3f bits, centered ones %.3f", moved, centered)
	}
}
