package dataset

import (
	"math"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// The window is cut into cells for quadrature, and those into coarse bins to
// count draws in. At 200 a side the narrowest noise, 0.05, is 2.8 cells wide, and
// the midpoint rule's error of 2·exp(-2π²·2.8²) is nothing; that of the sheared
// blades of the pinwheel is 2e-10, by comparison with 800. The edges of the
// checkerboard fall between cells.
const (
	numCells = 200
	numBins  = 20 // a side; divides numCells
)

// grid integrates a density of two features over its window by the midpoint rule.
func grid(d *Density) (mass, entropy float64, bins []float64) {
	const n = numCells
	b := d.Box
	cell := (b[0][1] - b[0][0]) * (b[1][1] - b[1][0]) / n / n
	bins = make([]float64, numBins*numBins)
	row := newRows(n, 2)
	for i := range n {
		for j := range n {
			row[j][0] = b[0][0] + (float64(i)+0.5)*(b[0][1]-b[0][0])/n
			row[j][1] = b[1][0] + (float64(j)+0.5)*(b[1][1]-b[1][0])/n
		}
		for j, lp := range d.LogProb(row) {
			if p := math.Exp(lp) * cell; !(p <= 0) { // a NaN is summed, and fails the test
				mass += p
				entropy -= p * lp
				bins[bin(d, row[j])] += p
			}
		}
	}
	return mass, entropy, bins
}

// bin is the index of the bin that x falls in, or -1 outside the window.
func bin(d *Density, x []float64) int {
	index := 0
	for f, b := range d.Box {
		i := math.Floor((x[f] - b[0]) / (b[1] - b[0]) * numBins)
		if !(i >= 0 && i < numBins) {
			return -1
		}
		index = index*numBins + int(i)
	}
	return index
}

// Mass 1 inside the window and the stated entropy, by quadrature; then the
// sampler against the density: Monte-Carlo entropy within 4 standard errors, and
// the counts of draws in each bin against the integral of the density over it.
func TestDensities(t *testing.T) {
	const n = 40000
	for _, d := range Densities() {
		t.Run(d.Name, func(t *testing.T) {
			mass, entropy, bins := grid(d)
			t.Logf("mass 1%+.1e, entropy %.8f", mass-1, entropy)
			if !(math.Abs(mass-1) <= 1e-7) { // at most 4·P(N > 6) = 4e-9 lies outside the window
				t.Errorf("mass is %.9f", mass)
			}
			if !(math.Abs(entropy-d.Entropy) <= 6e-7) { // stated to six decimals
				t.Errorf("entropy by quadrature is %.8f, stated is %.6f", entropy, d.Entropy)
			}

			x := d.Sample(1, n)
			nll := d.LogProb(x)
			for i := range nll {
				nll[i] = -nll[i]
			}
			mean, std := stat.MeanStdDev(nll, nil)
			if se := std / math.Sqrt(n); !(math.Abs(mean-d.Entropy) <= 4*se+1e-9) {
				t.Errorf("mean of -log p is %.4f ± %.4f, entropy is %.4f", mean, se, d.Entropy)
			}
			chiSquare(t, d, x, bins)
		})
	}
}

// chiSquare compares counts per bin with n times the mass there, by Pearson's
// test; bins where fewer than 10 draws are expected count as one, with all that
// is outside the window.
func chiSquare(t *testing.T, d *Density, x [][]float64, mass []float64) {
	t.Helper()
	counts := make([]float64, len(mass))
	restCount, restMass := 0.0, 1.0
	for _, row := range x {
		if i := bin(d, row); i >= 0 {
			counts[i]++
		} else {
			restCount++
		}
	}
	sum, used := 0.0, 0
	n := float64(len(x))
	for i, m := range mass {
		if m*n < 10 {
			restCount += counts[i]
			continue
		}
		restMass -= m
		sum += (counts[i] - m*n) * (counts[i] - m*n) / (m * n)
		used++
	}
	if restMass*n < 1e-3 {
		if restCount > 0 {
			t.Errorf("%g of %g draws lie where there is no mass", restCount, n)
		}
		restMass = 0
	} else {
		sum += (restCount - restMass*n) * (restCount - restMass*n) / (restMass * n)
		used++
	}
	// The seed is fixed, so a right sampler passes for good.
	if p := (distuv.ChiSquared{K: float64(used - 1)}).Survival(sum); !(p > 1e-4) {
		t.Errorf("χ² over %d bins is %.1f, p = %.1e: the draws do not follow the density", used, sum, p)
	}
}

// A density says so when it is asked about no number, and stays a number where
// there is no mass at all.
func TestLogProbOutsideTheWindow(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, d := range Densities() {
		t.Run(d.Name, func(t *testing.T) {
			for i, lp := range d.LogProb([][]float64{{nan, 0}, {0, nan}, {nan, nan}, {inf, nan}}) {
				if !math.IsNaN(lp) {
					t.Errorf("row %d holds NaN and has log-density %g", i, lp)
				}
			}
			for i, lp := range d.LogProb([][]float64{{inf, 0}, {0, -inf}, {inf, inf}, {1e200, 1}, {-1e308, 1e308}}) {
				if !math.IsInf(lp, -1) {
					t.Errorf("row %d, at infinity or with squares beyond it, has log-density %g", i, lp)
				}
			}
			for _, far := range []float64{1e3, 1e6} {
				for _, direction := range [][2]float64{{1, 0}, {0, -1}, {-0.6, 0.8}} {
					x := []float64{far * direction[0], far * direction[1]}
					lp := d.LogProb([][]float64{x})[0]
					if d.Name == "checkerboard" {
						if !math.IsInf(lp, -1) {
							t.Errorf("log-density at %v is %g outside the support", x, lp)
						}
					} else if !(lp < -far*far/10 && !math.IsInf(lp, 0)) {
						t.Errorf("log-density at %v is %g, want finite and below %g", x, lp, -far*far/10)
					}
				}
			}
		})
	}
}

// Committed measurements rest on these draws.
func TestDrawsStayTheSame(t *testing.T) {
	want := map[string][2]float64{
		"moons05":      {0.1454073458541889, -0.10502407416618324},
		"moons10":      {0.02836972563967935, -0.03476111904585874},
		"checkerboard": {2.9693982624919766, -0.43797645416550757},
		"8gaussians":   {-1.5021517803106519, -1.6232825309453762},
		"pinwheel":     {0.06760357923224705, 2.852045736080716},
		"spirals":      {2.8557543209573595, 1.2887996011209883},
		"rings":        {1.0418784317436716, -1.0336550996611962},
		"circles":      {2.1467080038488255, -1.9644348954364022},
		"swissroll":    {1.1567008994098236, -0.48832469744435825},
	}
	for _, d := range Densities() {
		x := d.Sample(1, 100)[99]
		w := want[d.Name]
		if !(math.Hypot(x[0]-w[0], x[1]-w[1]) <= 1e-12) { // machines differ in the last digit of a cosine
			t.Errorf("event 99 of seed 1 of %s is {%v, %v}, was %v", d.Name, x[0], x[1], w)
		}
	}
}

func TestSameSeedSameSample(t *testing.T) {
	for _, d := range Densities() {
		if !slices.EqualFunc(d.Sample(3, 5), d.Sample(3, 5), slices.Equal) {
			t.Errorf("%s: one seed gave two samples", d.Name)
		}
		if slices.Equal(d.Sample(3, 1)[0], d.Sample(4, 1)[0]) {
			t.Errorf("%s: two seeds gave one sample", d.Name)
		}
	}
}

func TestByNameListsWhatThereIs(t *testing.T) {
	names := []string{"moons05", "moons10", "checkerboard", "8gaussians", "pinwheel", "spirals", "rings", "circles", "swissroll"}
	for _, name := range names {
		if d, err := ByName(name); err != nil || d.Name != name {
			t.Errorf("got %v, %v", d, err)
		}
	}
	if len(Densities()) != len(names) {
		t.Errorf("there are %d densities, want %d", len(Densities()), len(names))
	}
	if _, err := ByName("moon"); err == nil || !strings.Contains(err.Error(), strings.Join(names, ", ")) {
		t.Errorf("got %v, want an error that lists the names", err)
	}
}
