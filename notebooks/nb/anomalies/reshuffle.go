package anomalies

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat"

	"normflow/flowlib/anomaly"
)

// Reshuffled holds the shares of normal rows flagged when the normal rows that the fit
// has not seen are split again and again into calibration and test.
type Reshuffled struct {
	Times          int
	Promised, Mean float64
	Low, High      float64 // bounds of 95 % of the shares
}

// Reshuffle splits the rows of calibration and the normal rows of the test the given
// number of times into parts of the same sizes, and decides each time. Whatever the
// scores are, each row is above any other as often as below, so that the promise holds
// exactly on average.
func Reshuffle(s Scores, asked float64, times int) Reshuffled {
	rng := rand.New(rand.NewPCG(0, 0x5b1))
	pool := slices.Concat(s.Calibration, s.Normal)
	n := len(s.Calibration)
	shares := make([]float64, times)
	for i := range shares {
		rng.Shuffle(len(pool), func(a, b int) { pool[a], pool[b] = pool[b], pool[a] })
		parted := Scores{Calibration: pool[:n], Normal: pool[n:]}
		shares[i] = float64(anomaly.CountAtMost(parted.pValues(parted.Normal), asked)) / float64(len(parted.Normal))
	}
	slices.Sort(shares)
	at := func(share float64) float64 { return stat.Quantile(share, stat.Empirical, shares, nil) }
	return Reshuffled{times, float64(anomaly.Rank(n, asked)) / float64(n+1), stat.Mean(shares, nil), at(0.025), at(0.975)}
}

// String says how well the promise is kept.
func (r Reshuffled) String() string {
	return fmt.Sprintf("parted anew %d times: %.2f %% on average (promised: %.2f %%),\n95 times in 100 from %.1f %% to %.1f %%",
		r.Times, 100*r.Mean, 100*r.Promised, 100*r.Low, 100*r.High)
}
