package solutions

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/stat"

	"normflow/flowlib/dataset"
)

// logNormal is the log-density of x = exp(z), z normal, for x > 0.
func logNormal(x float64) float64 {
	z := math.Log(x)
	logBase := -0.5*z*z - 0.5*math.Log(2*math.Pi)
	logDetInverse := -math.Log(x) // dz/dx = 1/x
	return logBase + logDetInverse
}

func TestLogNormalIntegratesToOne(t *testing.T) {
	const dx = 1e-3
	sum := 0.0
	for x := dx / 2; x < 200; x += dx {
		sum += math.Exp(logNormal(x)) * dx
	}
	if math.Abs(sum-1) > 1e-4 {
		t.Errorf("the density integrates to %.6f, want 1", sum)
	}
}

func TestEntropyFromDraws(t *testing.T) {
	moons := dataset.TwoMoons(0.05)
	logProb := moons.LogProb(moons.Sample(7, 20000))
	mean, std := stat.MeanStdDev(logProb, nil)
	se := std / math.Sqrt(float64(len(logProb)))
	if math.Abs(-mean-moons.Entropy) > 4*se {
		t.Errorf("entropy %.4f ± %.4f, want %.4f", -mean, se, moons.Entropy)
	}
}

// The squares of a checkerboard cover half of the window, [-4, 4]².
func TestUniformModelOfTheCheckerboard(t *testing.T) {
	logUniform := -math.Log(8 * 8)
	kl := -dataset.Checkerboard().Entropy - logUniform
	if math.Abs(kl-math.Ln2) > 1e-9 {
		t.Errorf("KL %.6f nats, want ln 2", kl)
	}
}
