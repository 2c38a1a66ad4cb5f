package eval

import (
	"math/rand/v2"
	"slices"

	"normflow/flowlib/base"
	"normflow/flowlib/dataset"
	"normflow/flowlib/density"
	"normflow/flowlib/flow"
)

// What [Diagnose] asks for; the seed and these numbers settle every draw.
const (
	minDiagnosed = 100  // test rows, for the highest level of coverage to mean something
	maxCompared  = 5000 // rows of each sample in sliced Wasserstein and C2ST
	maxKernel    = 1000 // rows of each sample in MMD, which is quadratic
	directions   = 64   // of sliced Wasserstein
	permutations = 199  // the smallest p-value is 1/200
	pitBins      = 20
)

var coverageLevels = []float64{0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99}

// Diagnostics says where a flow and fresh data differ. The p-values test the
// hypothesis that the data are draws of the flow. No fitted flow is perfect:
// with enough rows each of them ends near zero, and then the sizes of the
// deviations, not the p-values, say how good the flow is.
type Diagnostics struct {
	Seed int64 `json:"seed"`
	Rows int   `json:"rows"` // test rows, and as many draws of the flow

	// Latents: is f⁻¹(data) a unit Gaussian? KS distances between 0 and 1; √(1/n)
	// is the order of what chance makes of a perfect flow. Absent for a flow over
	// another base.
	Latents *Latents   `json:"latents,omitempty"`
	PIT     *Histogram `json:"pit,omitempty"` // the same as a picture: flat is right

	// Coverage: do regions of highest density hold the share of the data that they
	// promise? Compare Coverage with Expected ± SE.
	Coverage Coverage `json:"coverage"`

	// SlicedWasserstein: how far, in standard deviations of the features, must mass
	// be moved, on average over directions? Of order √(1/n) for a perfect flow.
	SlicedWasserstein Test `json:"sliced_wasserstein"`
	// MMD: squared distance of the two distributions as a Gaussian kernel sees
	// them, between 0 and 2; around 0, on either side, for a perfect flow.
	MMD MMDTest `json:"mmd"`
	// C2ST: how often are data and draws told apart? 0.5 ± SE for a perfect flow.
	C2ST C2STTest `json:"c2st"`

	// PValue is that of all tests above together: the smallest of those that
	// [Holm] returns. Below α for at most a share α of perfect flows.
	PValue float64 `json:"p_value"`

	// ESS: what is a draw of the flow worth as a draw of the true density? A share
	// of 1 for a perfect flow; absent where the truth is not known.
	ESS *ESS `json:"ess,omitempty"`
}

// Subject is what [Diagnose] judges: a [flow.Model], or another density over D columns
// that scores and draws.
type Subject interface {
	flow.Engine
	Features() int // D
	Context() int  // C, which must be 0
}

// Diagnose compares the unconditional density m with test, [n, D], data
// that neither training nor the choice of the model has seen; p is the true
// density, or nil if that is not known.
//
// The tests in data space work on features standardized over data and draws
// together. It returns an error on fewer than 100 rows, and on rows that are not
// finite or have not D features, naming the row.
func Diagnose(m Subject, p *dataset.Density, test [][]float64, seed int64) (Diagnostics, error) {
	diag := Diagnostics{Seed: seed, Rows: len(test)}
	if err := checkUnconditional(m, "can be diagnosed"); err != nil {
		return diag, err
	}
	if err := checkSample("the test data", test, m.Features(), minDiagnosed); err != nil {
		return diag, err
	}
	if p != nil {
		if err := checkTruth(m, p); err != nil {
			return diag, err
		}
	}
	logProb, err := density.LogProb(m, test)
	if err != nil {
		return diag, err
	}
	draws, logProbDraws, err := drawsOf(m, seed, len(test))
	if err != nil {
		return diag, err
	}
	if err := checkSample("the flow's draws", draws, m.Features(), minDiagnosed); err != nil {
		return diag, err
	}

	if f, ok := m.(*flow.Model); ok {
		if _, normal := f.Flow().Base().(base.Normal); normal {
			if diag.Latents, diag.PIT, err = judgeLatents(f, test); err != nil {
				return diag, err
			}
		}
	}
	if diag.Coverage, err = CoverageOf(logProb, logProbDraws, coverageLevels); err != nil {
		return diag, err
	}
	if diag.ESS, err = essOf(p, draws, logProbDraws); err != nil {
		return diag, err
	}
	rng := rand.New(rand.NewPCG(uint64(seed), 0xd1a))
	x, y, err := standardize(subsample(test, maxCompared, rng), subsample(draws, maxCompared, rng))
	if err != nil {
		return diag, err
	}
	if diag.SlicedWasserstein, err = SlicedWasserstein(x, y, directions, permutations, seed); err != nil {
		return diag, err
	}
	if diag.MMD, err = MMD(x, y, maxKernel, permutations, seed); err != nil {
		return diag, err
	}
	if diag.C2ST, err = C2ST(x, y, seed); err != nil {
		return diag, err
	}
	pValues := []float64{diag.Coverage.KS.PValue, diag.SlicedWasserstein.PValue, diag.MMD.PValue, diag.C2ST.PValue}
	if diag.Latents != nil {
		pValues = append(pValues, diag.Latents.PValue)
	}
	diag.PValue = slices.Min(Holm(pValues))
	return diag, nil
}

// judgeLatents tests the latents of x, [n, D], against a unit Gaussian.
// drawsOf are n draws with their log-densities.
func drawsOf(e flow.Engine, seed int64, n int) (x [][]float64, logProb []float64, err error) {
	for d, err := range e.DrawChunks(flow.Sampling{Seed: seed, Count: n, LogProb: true}) {
		if err != nil {
			return nil, nil, err
		}
		x, logProb = append(x, d.X...), append(logProb, d.LogProb...)
	}
	return x, logProb, nil
}

func judgeLatents(m *flow.Model, x [][]float64) (*Latents, *Histogram, error) {
	states, err := m.Inverse(x)
	if err != nil {
		return nil, nil, err
	}
	z := states[len(states)-1]
	latents, err := LatentsOf(z)
	if err != nil {
		return nil, nil, err
	}
	pit, err := PITHistogram(z, pitBins)
	return &latents, &pit, err
}

// essOf is the effective sample size of draws, of log-density logQ, as draws of p.
func essOf(p *dataset.Density, draws [][]float64, logQ []float64) (*ESS, error) {
	if p == nil {
		return nil, nil
	}
	logWeights := p.LogProb(draws)
	for i := range logWeights {
		logWeights[i] -= logQ[i]
	}
	ess, err := EffectiveSampleSize(logWeights)
	return &ess, err
}
