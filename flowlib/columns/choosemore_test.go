package columns

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

func TestChooseOnGridsAndScales(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	draw := func(n int, f func() float64) []float64 {
		all := make([]float64, n)
		for i := range all {
			all[i] = f()
		}
		return all
	}
	poisson := distuv.Poisson{Lambda: 5, Src: rng}
	for _, tt := range []struct {
		name   string
		values []float64
		step   float64
		kind   Kind
		low    float64
	}{
		{"Unix times", draw(3000, func() float64 { return math.Floor(1.7e9 + 3e6*rng.Float64()) }), 1, Continuous, 0},
		{"ages", draw(3000, func() float64 { return math.Round(40 + 8*rng.NormFloat64()) }), 1, Continuous, 0},
		{"counts", draw(3000, poisson.Rand), 1, Positive, -0.5},
		{"counts from one", draw(3000, func() float64 { return math.Ceil(2 * rng.ExpFloat64()) }), 1, Positive, 0.5},
		{"whole per cents", draw(3000, func() float64 { return float64(rng.IntN(101)) }), 1, Bounded, -0.5},
		{"tenths of a share", draw(3000, func() float64 { return float64(rng.IntN(11)) / 10 }), 0.1, Bounded, -0.05},
		{"yes or no", draw(3000, func() float64 { return float64(rng.IntN(2)) }), 1, Bounded, -0.5},
		{"tiny", draw(3000, func() float64 { return 1e-300 * rng.ExpFloat64() }), 0, Positive, 0},
		{"huge", draw(3000, func() float64 { return 1e306 * rng.ExpFloat64() }), 0, Positive, 0},
		{"huge with signs", draw(3000, func() float64 { return 1e307 * rng.NormFloat64() }), 0, Continuous, 0},
		{"tiny with tails", draw(3000, func() float64 { return 1e-290 * rng.NormFloat64() / rng.NormFloat64() }), 0, Tails, 0},
		{"all magnitudes", draw(3000, func() float64 { return math.Copysign(math.Exp(150*rng.NormFloat64()), rng.Float64()-0.5) }), 0, Tails, 0},
		{"truncated normal", draw(3000, func() float64 { return math.Abs(rng.NormFloat64()) }), 0, Positive, 0},
		{"zeros", append(draw(3000, rng.ExpFloat64), make([]float64, 1000)...), 0, Continuous, 0},
		{"some zeros", append(draw(3000, rng.ExpFloat64), make([]float64, 100)...), 0, Tails, 0},
		{"one zero", append(draw(3000, rng.ExpFloat64), 0), 0, Positive, 0},
		{"shares, three of them 1", append(draw(3000, rng.Float64), 1, 1, 1), 0, Bounded, 0},
		{"few", draw(30, rng.ExpFloat64), 0, Continuous, 0},
		{"constant", make([]float64, 3000), 0, Continuous, 0},
		{"none", nil, 0, Continuous, 0},
	} {
		choice, err := Choose("", tt.values, tt.step, "")
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		t.Logf("%-18s %s", tt.name, choice.Why)
		c, kind := choice.Column, choice.Column.Kind
		if kind != tt.kind || (kind == Positive || kind == Bounded) && c.Low != tt.low {
			t.Errorf("%s: %s (%s), want %s from %g", tt.name, kind, choice.Why, tt.kind, tt.low)
		}
		if err := c.Check(); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		for _, x := range tt.values {
			for _, noise := range []float64{-0.5, 0, 0.49} {
				if y, logDet := c.Forward(x + noise*tt.step); math.IsInf(y, 0) || math.IsNaN(logDet) || math.IsInf(logDet, 0) {
					if noise != -0.5 { // the very edge, which noise reaches with probability 0
						t.Fatalf("%s: the training value %g%+g has y = %g, log-derivative %g", tt.name, x, noise*tt.step, y, logDet)
					}
				}
			}
		}
	}
}

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

// What is on few of many rows is seen although not all rows are looked at.
func TestChooseSeesFewOfMany(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 16))
	values := make([]float64, 50_000)
	for i := range values {
		values[i] = rng.NormFloat64()
	}
	for i := range 6 {
		values[8000*i] = 1e6
	}
	if choice, _ := Choose("", values, 0, ""); choice.Column.Kind != Tails {
		t.Errorf("%s", choice.Why)
	}
}

// The order of rows is nothing, and neither is how often it is asked.
func TestChooseDependsOnValuesOnly(t *testing.T) {
	rng := rand.New(rand.NewPCG(17, 18))
	values := make([]float64, 5000)
	for i := range values {
		values[i] = math.Round(math.Exp(rng.NormFloat64()+2)) / 4
	}
	first, _ := Choose("", values, 0.25, "")
	before := append([]float64(nil), values...)
	rng.Shuffle(len(values), func(i, j int) { values[i], values[j] = values[j], values[i] })
	second, _ := Choose("", values, 0.25, "")
	if first != second {
		t.Errorf("%+v, in another order %+v", first, second)
	}
	values = append(values[:0], before...)
	if _, err := Choose("", values, 0.25, ""); err != nil || values[17] != before[17] {
		t.Error("Choose changed the values")
	}
}

func TestParseKind(t *testing.T) {
	for text, want := range map[string]Kind{
		"positive": "positive", "positive(-3)": "positive(-3)", "bounded(0, 100)": "bounded(0,100)",
		"periodic": "periodic", "periodic(0,24)": "periodic(0,24)", "tails": "tails", "continuous": "continuous",
	} {
		if got, err := ParseKind(text); got != want || err != nil {
			t.Errorf("ParseKind(%q) = %q, %v, want %q", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"":               `expected continuous, positive`,
		"Positive":       `expected continuous, positive`,
		"bounded(1":      "bracket",
		"bounded(1)":     "two edges",
		"bounded(1,0)":   "two edges",
		"bounded(0,x)":   `found "x"`,
		"positive(1,2)":  "one edge",
		"positive()":     `found ""`,
		"tails(3)":       "no edges",
		"bounded(0,Inf)": `found "Inf"`,
		"a\x1b[2J":       `\x1b`,
	} {
		if got, err := ParseKind(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseKind(%q) = %q, %v, want an error with %q", text, got, err, want)
		}
	}
}

func BenchmarkForward(b *testing.B) {
	for _, m := range maps {
		b.Run(string(m.column.Kind), func(b *testing.B) {
			x := m.column.Inverse(0.8)
			for b.Loop() {
				m.column.Forward(x)
			}
		})
	}
}

func BenchmarkChoose(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	values := make([]float64, 20_000)
	for _, kind := range []string{"normal", "lognormal", "Cauchy"} {
		for i := range values {
			values[i] = rng.NormFloat64()
			switch kind {
			case "lognormal":
				values[i] = math.Exp(values[i])
			case "Cauchy":
				values[i] /= rng.NormFloat64()
			}
		}
		b.Run(kind, func(b *testing.B) {
			for b.Loop() {
				if _, err := Choose("", values, 0, ""); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
