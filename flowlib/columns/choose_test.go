package columns

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

// truth is a distribution with what is right to choose for it.
type truth struct {
	name string
	dist interface {
		Rand() float64
		LogProb(float64) float64
	}
	kind Kind
	most float64 // nats: KL to the truth of the map with a normal fitted to its image
}

func truths(src rand.Source) []truth {
	return []truth{
		{"normal", distuv.Normal{Mu: 1, Sigma: 2, Src: src}, Continuous, 0.01},
		{"far from 0", distuv.Normal{Mu: 70, Sigma: 12, Src: src}, Continuous, 0.01},
		{"lognormal 1", distuv.LogNormal{Mu: 0, Sigma: 1, Src: src}, Positive, 0.02},
		{"lognormal 2", distuv.LogNormal{Mu: -3, Sigma: 2, Src: src}, Positive, 0.02},
		{"lognormal 4", distuv.LogNormal{Mu: 5, Sigma: 4, Src: src}, Positive, 0.02},
		{"Cauchy", distuv.StudentsT{Mu: 3, Sigma: 2, Nu: 1, Src: src}, Tails, 0.02},
		{"t of 3", distuv.StudentsT{Mu: -3, Sigma: 0.2, Nu: 3, Src: src}, Tails, 0.02},
		{"exponential", distuv.Exponential{Rate: 3, Src: src}, Positive, 0.05},
		{"gamma 0.5", distuv.Gamma{Alpha: 0.5, Beta: 1, Src: src}, Positive, 0.15},
		{"gamma 3", distuv.Gamma{Alpha: 3, Beta: 1, Src: src}, Positive, 0.05},
		{"uniform", distuv.Uniform{Min: 0, Max: 1, Src: src}, Bounded, 0.01},
		{"per cent", distuv.Uniform{Min: 0, Max: 100, Src: src}, Bounded, 0.01},
		{"beta 2 2", distuv.Beta{Alpha: 2, Beta: 2, Src: src}, Bounded, 0.05},
		{"beta 20 1", distuv.Beta{Alpha: 20, Beta: 1, Src: src}, Bounded, 0.1},
		{"beta .5 .5", distuv.Beta{Alpha: 0.5, Beta: 0.5, Src: src}, Bounded, 0.3},
		{"uniform elsewhere", distuv.Uniform{Min: -3, Max: 17, Src: src}, Continuous, 0.5},
	}
}

// imageNormal returns the map and the normal fitted to the image of the values.
func imageNormal(c Column, values []float64) distuv.Normal {
	y := make([]float64, len(values))
	for i, x := range values {
		y[i], _ = c.Forward(x)
	}
	var n distuv.Normal
	n.Fit(y, nil)
	return n
}

func TestChooseKnownTruths(t *testing.T) {
	src := rand.NewPCG(3, 4)
	for _, truth := range truths(src) {
		draw := func(n int) []float64 {
			all := make([]float64, n)
			for i := range all {
				all[i] = truth.dist.Rand()
			}
			return all
		}
		train, fresh := draw(3000), draw(20_000)
		choice, err := Choose("", train, 0, "")
		if err != nil {
			t.Fatal(err)
		}
		klOf := func(c Column) (kl float64) {
			normal := imageNormal(c, train)
			for _, x := range fresh {
				y, logDet := c.Forward(x)
				kl += (truth.dist.LogProb(x) - normal.LogProb(y) - logDet) / float64(len(fresh))
			}
			return kl
		}
		kl := klOf(choice.Column)
		t.Logf("%-18s KL %.4f, without a map %.4f  %s", truth.name, kl, klOf(Column{}), choice.Why)
		if choice.Column.Kind != truth.kind || !(kl <= truth.most) {
			t.Errorf("%s: %s with KL %.3f (%s), want %s with at most %g", truth.name, choice.Column.Kind, kl, choice.Why, truth.kind, truth.most)
		}
		if err := choice.Column.Check(); err != nil {
			t.Errorf("%s: %v", truth.name, err)
		}
	}
}

// Six of 3,000 rows a million times larger leave the others a normal.
func TestChooseOutliers(t *testing.T) {
	for _, mean := range []float64{0, 70} {
		rng := rand.New(rand.NewPCG(5, 6))
		values := make([]float64, 20_000)
		for i := range values {
			values[i] = mean + 12*rng.NormFloat64()
		}
		train := append([]float64(nil), values[:3000]...)
		for i := range 6 {
			train[500*i] *= 1e6
		}
		choice, err := Choose("", train, 0, "")
		if err != nil {
			t.Fatal(err)
		}
		c := choice.Column
		normal, kl := imageNormal(c, values), 0.0
		truth := distuv.Normal{Mu: mean, Sigma: 12}
		for _, x := range values {
			y, logDet := c.Forward(x)
			kl += (truth.LogProb(x) - normal.LogProb(y) - logDet) / float64(len(values))
		}
		far, _ := c.Forward(70e6)
		t.Logf("mean %g: KL of the others %.4f, outliers %.1f deviations out, %s, %+v", mean, kl, (far-normal.Mu)/normal.Sigma, choice.Why, c)
		if c.Freedom == 0 || !(kl < 0.15) || !(math.Abs(far-normal.Mu) < 12*normal.Sigma) {
			t.Errorf("mean %g: KL of the others %g, outliers %g deviations out, %s", mean, kl, (far-normal.Mu)/normal.Sigma, choice.Why)
		}
	}
}

// Modes are the flow's work, whatever a likelihood says of them.
func TestChooseLeavesClustersAlone(t *testing.T) {
	for _, share := range []float64{0.05, 0.1, 0.3, 0.5} {
		rng := rand.New(rand.NewPCG(7, 8))
		values := make([]float64, 3000)
		for i := range values {
			values[i] = rng.NormFloat64()
			if rng.Float64() < share {
				values[i] += 20
			}
		}
		choice, err := Choose("", values, 0, "")
		if err != nil || choice.Column.Kind != Continuous {
			t.Errorf("a second mode of %g of the rows: %v, %v", share, choice, err)
		}
	}
}

func TestChooseFalseAlarms(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	const trials = 300
	for _, n := range []int{100, 300, 1000, 3000} {
		for _, mean := range []float64{0, 3, 6} {
			wrong := 0
			for range trials {
				values := make([]float64, n)
				for i := range values {
					values[i] = mean + rng.NormFloat64()
				}
				choice, err := Choose("", values, 0, "")
				if err != nil {
					t.Fatal(err)
				}
				if choice.Column.Kind != Continuous {
					wrong++
				}
			}
			if wrong > trials/100 {
				t.Errorf("%d values of a normal around %g: mapped in %d of %d trials", n, mean, wrong, trials)
			}
		}
	}
}

func TestChooseRefuses(t *testing.T) {
	for _, tt := range []struct {
		values []float64
		kind   Kind
		want   string
	}{
		{[]float64{1, -2, 3}, "positive", "found the value -2"},
		{[]float64{1, 0, 3}, "positive", "found the value 0"},
		{[]float64{1, 2, 300}, "bounded", "bounded(0,301)"},
		{[]float64{1, 2, 300}, "bounded(0,100)", "expected them between 0 and 100"},
		{[]float64{1, 2, 1e9}, "periodic", "no circle"},
		{[]float64{1, math.NaN()}, "", "value 1 is NaN"},
		{[]float64{3, 3}, "tails", "one value"},
		{[]float64{3, 4}, "round", `the kind "round"`},
	} {
		if c, err := Choose("", tt.values, 0, tt.kind); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v as %q: %v, %v, want an error with %q", tt.values, tt.kind, c, err, tt.want)
		}
	}
}

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
