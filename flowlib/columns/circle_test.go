package columns

import (
	"math"
	"math/rand/v2"
	"testing"
)

// vonMises draws from the density proportional to exp(κ cos(x-μ)), by rejection.
func vonMises(rng *rand.Rand, mu, kappa float64) float64 {
	for {
		x := 2*math.Pi*rng.Float64() - math.Pi
		if rng.Float64() < math.Exp(kappa*(math.Cos(x)-1)) {
			return math.Mod(x+mu+4*math.Pi, 2*math.Pi)
		}
	}
}

func TestChooseAngles(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	for _, kappa := range []float64{0, 1, 4} {
		radians, degrees := make([]float64, 3000), make([]float64, 3000)
		for i := range radians {
			radians[i] = vonMises(rng, 0.3, kappa)
			degrees[i] = math.Floor(radians[i] * 180 / math.Pi)
		}
		for _, tt := range []struct {
			name   string
			values []float64
			step   float64
			kind   Kind
			low    float64
		}{
			{"a", radians, 0, "periodic", 0},
			{"a", radians, 0, "periodic(-10,10)", -10},
			{"wind_direction", radians, 0, "", 0},
			{"wind_direction", degrees, 1, "", -0.5},
			{"a", degrees, 1, "periodic(0,360)", -0.5},
		} {
			choice, err := Choose(tt.name, tt.values, tt.step, tt.kind)
			c := choice.Column
			if err != nil || c.Kind != Periodic || c.Low != tt.low {
				t.Errorf("κ = %g, %s: %+v, %v, want periodic from %g", kappa, tt.kind, choice, err, tt.low)
				continue
			}
			if cut := (c.Cut - c.Low) / (c.High - c.Low); tt.kind != "periodic(-10,10)" && kappa > 0 && math.Abs(cut-(0.3/2/math.Pi+0.5)) > 0.2 {
				t.Errorf("κ = %g: cut at %g of a turn, far from the side opposite to the mode", kappa, cut)
			}
			for _, x := range tt.values {
				for _, noise := range []float64{-0.5, 0.5} {
					if y, logDet := c.Forward(x + noise*tt.step); !(math.Abs(y) < 9) || math.IsInf(logDet, 0) {
						t.Fatalf("κ = %g: %g%+g has y = %g, log-derivative %g", kappa, x, noise*tt.step, y, logDet)
					}
				}
			}
		}
		for _, name := range []string{"x", "price"} {
			if choice, _ := Choose(name, degrees, 1, ""); choice.Column.Kind == Periodic {
				t.Errorf("the column %q of degrees is taken for angles", name)
			}
			if choice, _ := Choose(name, radians, 0, ""); choice.Column.Kind != Periodic {
				t.Errorf("the column %q of radians is not taken for angles: %s", name, choice.Why)
			}
		}
	}
	// A name is not enough: these are degrees of something else.
	values := make([]float64, 3000)
	for i := range values {
		values[i] = 20 + 5*rng.NormFloat64()
	}
	if choice, _ := Choose("degrees", values, 0, ""); choice.Column.Kind != Continuous {
		t.Errorf("temperatures: %s", choice.Why)
	}
}

// A normal on the cut circle is near a von Mises, whose normalizer is 2π·I₀(κ).
func TestVonMises(t *testing.T) {
	rng := rand.New(rand.NewPCG(19, 20))
	for _, kappa := range []float64{0.5, 1, 2, 8} {
		train := make([]float64, 3000)
		for i := range train {
			train[i] = vonMises(rng, 0.3, kappa)
		}
		choice, err := Choose("", train, 0, "periodic(0,6.283185307179586)")
		if err != nil {
			t.Fatal(err)
		}
		normal := imageNormal(choice.Column, train)
		kl, total := 0.0, 0.0
		const cells = 20_000 // too wide at the cut, where the image of a cell is long: 0.1 % of the integral
		normalizer := 0.0
		for k := range cells {
			normalizer += math.Exp(kappa*math.Cos(2*math.Pi*(float64(k)+0.5)/cells)) * 2 * math.Pi / cells
		}
		for k := range cells {
			x := 2 * math.Pi * (float64(k) + 0.5) / cells
			logP := kappa*math.Cos(x-0.3) - math.Log(normalizer)
			y, logDet := choice.Column.Forward(x)
			logQ := normal.LogProb(y) + logDet
			kl += math.Exp(logP) * (logP - logQ) * 2 * math.Pi / cells
			total += math.Exp(logQ) * 2 * math.Pi / cells
		}
		t.Logf("κ = %g: KL %.4f, integral %.6f", kappa, kl, total)
		if !(kl < 0.05) || !(math.Abs(total-1) < 5e-3) {
			t.Errorf("κ = %g: KL %g, want at most 0.05, integral %g, want 1", kappa, kl, total)
		}
	}
}

// x and x + one period are one direction.
func TestCircleWraps(t *testing.T) {
	c := Column{Kind: Periodic, Low: -0.5, High: 359.5, Cut: 100}
	for _, x := range []float64{-0.4, 0, 99, 101, 359} {
		y, logDet := c.Forward(x)
		for _, turns := range []float64{-720, -360, 360} {
			if z, other := c.Forward(x + turns); math.Abs(z-y) > 1e-10 || math.Abs(other-logDet) > 1e-9 {
				t.Errorf("%g and %g: y = %g and %g, log-derivatives %g and %g", x, x+turns, y, z, logDet, other)
			}
		}
	}
}
