package gmm

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Choose returns the likeliest mixture for rows, [n, D], each counted with its weight
// (nil: all 1), with the number of components, of 1, 2, 3, 5, 8, 12 and 20, that has the
// lowest Bayesian information criterion (Schwarz 1978, "Estimating the dimension of a
// model"). It runs EM from the better of two starts, the clusters of standardized and of
// whitened rows, and drops components that lose all their rows. One component without
// weights is the Gaussian of [dataset.NewWhitener]. Each component needs 3·(1+D) rows.
// Choose stops after two numbers that are worse than an earlier one.
//
// If there are so few rows that a Gaussian needs a prior, it compares mixtures with the
// whole prior, a tenth of it and none on held-out rows: the prior helps much if
// components are round, and hurts as much if they are flat, as rows on a grid are.
//
// The same seed gives the same result. The errors are those of
// [dataset.NewStandardizer], and one for weights that are negative or all zero.
func Choose(rows [][]float64, weights []float64, seed int64) (*Mixture, error) {
	f, err := newFitter(rows, weights, seed)
	if err != nil {
		return nil, err
	}
	if f.all.prior < 1 || len(rows) < 2*folds {
		return f.choose(), nil
	}
	var best *Mixture
	most := math.Inf(-1)
	for _, share := range []float64{1, 0.1, 0} {
		m := f.withPrior(share).choose()
		if l := leftOut(rows, weights, share, len(m.Components), seed); l > most || best == nil {
			best, most = m, l
		}
	}
	return best, nil
}

const folds = 5

// leftOut returns the mean log p of held-out rows, in five-fold cross-validation, under
// mixtures with a share of the prior; -Inf if they cannot be fitted.
func leftOut(rows [][]float64, weights []float64, share float64, components int, seed int64) float64 {
	order := rand.New(rand.NewPCG(uint64(seed), 0x666f6c64)).Perm(len(rows))
	sum, total := 0.0, 0.0
	for k := range folds {
		from, to := k*len(rows)/folds, (k+1)*len(rows)/folds
		in, out := slices.Concat(order[:from], order[to:]), order[from:to]
		f, err := newFitter(pick(rows, in), pickWeights(weights, in), seed)
		if err != nil { // a column is constant without these rows, or no weight is left
			return math.Inf(-1)
		}
		m, _ := f.withPrior(share).fit(components)
		logs := make([]float64, len(out))
		m.LogProb(logs, pick(rows, out))
		for i, l := range logs {
			w := 1.0
			if weights != nil {
				w = weights[out[i]]
			}
			sum, total = sum+w*l, total+w
		}
	}
	return sum / total
}

func (f *fitter) choose() (best *Mixture) {
	least, worse := math.Inf(1), 0
	for _, k := range []int{1, 2, 3, 5, 8, 12, 20} {
		if worse == 2 || k > 1 && 3*float64(k*(1+f.all.dims)) >= f.rows {
			break
		}
		m, likelihood := f.fit(k)
		d, n := float64(f.all.dims), f.rows
		parameters := float64(len(m.Components))*(1+d+d*(d+1)/2) - 1
		bic := parameters*math.Log(n) - 2*n*likelihood
		if bic < least || best == nil {
			best, least, worse = m, bic, 0
		} else {
			worse++
		}
	}
	return best
}

func (f *fitter) withPrior(share float64) *fitter {
	g, start, all := *f, *f.start, *f.all
	start.prior *= share
	all.prior *= share
	g.start, g.all = &start, &all
	if f.start == f.all {
		g.start = g.all
	}
	return &g
}
