package eval

import (
	"math/rand/v2"
	"slices"

	"normflow/flowlib/base"
	"normflow/flowlib/dataset"
	"normflow/flowlib/density"
	"normflow/flowlib/flow"
)

// Sizes that [Diagnose] uses. With the seed they determine every draw.
const (
	minDiagnosed = 100  // least test rows, so that the highest level of coverage means something
	maxCompared  = 5000 // rows of each sample in sliced Wasserstein and C2ST
	maxKernel    = 1000 // rows of each sample in MMD, which is quadratic
	directions   = 64   // of sliced Wasserstein
	permutations = 199  // the smallest p-value is 1/200
	pitBins      = 20
)

var coverageLevels = []float64{0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99}

// Diagnostics says where a flow and fresh data differ. The p-values test the hypothesis
// that the data are draws of the flow. No fitted flow is perfect, so with enough rows
// every p-value ends near zero; then judge the flow by the sizes of the deviations.
type Diagnostics struct {
	Seed int64 `json:"seed"`
	Rows int   `json:"rows"` // test rows, and as many draws of the flow

	// Latents: is f⁻¹(data) a unit Gaussian? KS distances lie between 0 and 1; chance
	// alone gives a perfect flow about √(1/n). Absent for a flow with another base.
	Latents *Latents   `json:"latents,omitempty"`
	PIT     *Histogram `json:"pit,omitempty"` // the same as a picture; flat is right

	// Coverage: do the regions of highest density hold the share of the data that they
	// promise? Compare Coverage with Expected ± SE.
	Coverage Coverage `json:"coverage"`

	// SlicedWasserstein: how far must mass be moved, in standard deviations of the
	// features, averaged over directions? About √(1/n) for a perfect flow.
	SlicedWasserstein Test `json:"sliced_wasserstein"`
	// MMD: squared distance of the two distributions under a Gaussian kernel, up to 2.
	// Near 0, and possibly negative, for a perfect flow.
	MMD MMDTest `json:"mmd"`
	// C2ST: how often can a classifier tell data from draws? 0.5 ± SE for a perfect
	// flow.
	C2ST C2STTest `json:"c2st"`

	// PValue is the p-value of all tests above together: the smallest that [Holm]
	// returns. For at most a share α of perfect flows it is below α.
	PValue float64 `json:"p_value"`

	// ESS: how many draws of the true density is a draw of the flow worth? A share of 1
	// for a perfect flow; absent if the true density is unknown.
	ESS *ESS `json:"ess,omitempty"`
}

// Subject is what [Diagnose] judges: a [flow.Model], or another density over D columns
// that can be scored and sampled.
type Subject interface {
	flow.Engine
	Features() int // D
	Context() int  // C, which must be 0
}

// Diagnose compares the unconditional density m with test, [n, D], data that were used
// neither to train nor to choose the model. p is the true density, or nil if it is
// unknown.
//
// The tests in data space use features standardized over data and draws together.
// Diagnose returns an error for fewer than 100 rows, and names the row if one is not
// finite or does not have D features.
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

// drawsOf returns n draws of e, [n, D], with their log-densities, [n], in nats.
func drawsOf(e flow.Engine, seed int64, n int) (x [][]float64, logProb []float64, err error) {
	for d, err := range e.DrawChunks(flow.Sampling{Seed: seed, Count: n, LogProb: true}) {
		if err != nil {
			return nil, nil, err
		}
		x, logProb = append(x, d.X...), append(logProb, d.LogProb...)
	}
	return x, logProb, nil
}

// judgeLatents tests the latents of x, [n, D], against a unit Gaussian.
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

// essOf returns the effective sample size of draws, with log-density logQ, as draws of
// p.
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
