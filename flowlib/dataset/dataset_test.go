package dataset

import (
	"math"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/stat"
)

// Mass 1 and the stated entropy, by the midpoint rule over the window.
func TestDensitiesByQuadrature(t *testing.T) {
	const n = 400 // cells finer than a quarter of the narrowest σ: the rule's error is below 1e-6
	for _, d := range Densities() {
		t.Run(d.Name, func(t *testing.T) {
			b := d.Box
			cell := (b[0][1] - b[0][0]) * (b[1][1] - b[1][0]) / n / n
			x := make([][]float64, 0, n*n)
			for i := range n {
				for j := range n {
					x = append(x, []float64{
						b[0][0] + (float64(i)+0.5)*(b[0][1]-b[0][0])/n,
						b[1][0] + (float64(j)+0.5)*(b[1][1]-b[1][0])/n,
					})
				}
			}
			mass, entropy := 0.0, 0.0
			for _, lp := range d.LogProb(x) {
				if p := math.Exp(lp); p > 0 {
					mass += p * cell
					entropy -= p * lp * cell
				}
			}
			if !(math.Abs(mass-1) <= 2e-6) {
				t.Errorf("mass is %.9f", mass)
			}
			if !(math.Abs(entropy-d.Entropy) <= 2e-5) {
				t.Errorf("entropy by quadrature is %.6f, stated is %.6f", entropy, d.Entropy)
			}
		})
	}
}

// The sampler draws from the density: Monte-Carlo entropy within 4 standard
// errors, all draws inside the support, mass of the left half as integrated.
func TestSamplersAgreeWithTheDensity(t *testing.T) {
	const n = 40000
	for _, d := range Densities() {
		t.Run(d.Name, func(t *testing.T) {
			x := d.Sample(1, n)
			nll := d.LogProb(x)
			for i := range nll {
				nll[i] = -nll[i]
			}
			mean, std := stat.MeanStdDev(nll, nil)
			if se := std / math.Sqrt(n); !(math.Abs(mean-d.Entropy) <= 4*se+1e-9) {
				t.Errorf("mean of -log p is %.4f ± %.4f, entropy is %.4f", mean, se, d.Entropy)
			}
			// Moments tell a sampler that forgets a component from one that does not.
			wantMean := map[string][2]float64{"moons05": {0.5, 0.25}, "moons10": {0.5, 0.25}, "checkerboard": {0, 0}}[d.Name]
			for f := range 2 {
				column := make([]float64, n)
				for i := range x {
					column[i] = x[i][f]
				}
				mean, std := stat.MeanStdDev(column, nil)
				if !(math.Abs(mean-wantMean[f]) <= 4*std/math.Sqrt(n)) {
					t.Errorf("mean of feature %d is %.4f, expected %.4f", f, mean, wantMean[f])
				}
			}
		})
	}
}

func TestSameSeedSameSample(t *testing.T) {
	d := TwoMoons(0.1)
	if !slices.EqualFunc(d.Sample(3, 5), d.Sample(3, 5), slices.Equal) {
		t.Error("one seed gave two samples")
	}
	if slices.Equal(d.Sample(3, 1)[0], d.Sample(4, 1)[0]) {
		t.Error("two seeds gave one sample")
	}
}

func TestByNameListsWhatThereIs(t *testing.T) {
	if d, err := ByName("moons05"); err != nil || d.Name != "moons05" {
		t.Errorf("got %v, %v", d, err)
	}
	if _, err := ByName("moon"); err == nil || !strings.Contains(err.Error(), "checkerboard") {
		t.Errorf("got %v, want an error that lists the names", err)
	}
}

func TestSplit(t *testing.T) {
	rows := make([][]float64, 10)
	for i := range rows {
		rows[i] = []float64{float64(i)}
	}
	s, err := Split(rows, 1, 0.2, 0.3)
	if err != nil {
		t.Fatal(err)
	}
	all := slices.Concat(s.Train, s.Valid, s.Test)
	slices.SortFunc(all, func(a, b []float64) int { return int(a[0] - b[0]) })
	if len(s.Train) != 5 || len(s.Valid) != 2 || len(s.Test) != 3 || !slices.EqualFunc(all, rows, slices.Equal) {
		t.Errorf("got parts of %d, %d, %d holding %v", len(s.Train), len(s.Valid), len(s.Test), all)
	}
	for _, f := range [][2]float64{{0.5, 0.5}, {-0.1, 0}, {math.NaN(), 0}, {0.01, 0}} {
		if _, err := Split(rows, 1, f[0], f[1]); err == nil {
			t.Errorf("fractions %v were accepted", f)
		}
	}
}

func TestStandardizer(t *testing.T) {
	s, err := NewStandardizer([][]float64{{0, 10}, {2, 10.5}, {4, 11}})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(s.Mean, []float64{2, 10.5}) || !slices.Equal(s.Std, []float64{2, 0.5}) {
		t.Errorf("got %+v", s)
	}
	for want, rows := range map[string][][]float64{
		"column 1":             {{0, 5}, {1, 5}},
		"at least 2":           {{0, 5}},
		"row 1 has 1 features": {{0, 5}, {1}},
		"row 1, column 0":      {{0, 5}, {math.Inf(1), 6}},
	} {
		if _, err := NewStandardizer(rows); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: got %v, want an error with %q", rows, err, want)
		}
	}
}
