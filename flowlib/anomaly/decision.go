package anomaly

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/combin"
)

// Decision is the outcome of flagging the events whose conformal p-value is at most the
// requested false-alarm rate.
type Decision struct {
	Asked      float64 // requested share of normal events to flag
	Calibrated int     // n, the number of calibration events
	Promised   float64 // share of normal events flagged, on average over calibrations: ⌊asked·(n+1)⌋/(n+1)
	Least      float64 // smallest possible p-value, 1/(n+1)
	Threshold  float64 // events of lower log-density are flagged, nats

	Normal, Anomalies int // numbers of test events
	FalseAlarms, Hits int // how many of them were flagged
	Low, High         int // FalseAlarms is in [Low, High] with probability 95 % or more

	AUROC, AveragePrecision float64 // of the scores, at all thresholds
}

// Decide flags the events whose conformal p-value, see [PValues], is at most asked, and
// counts them. It returns an error if no p-value can be that small.
func Decide(calibration, normal, anomalies []float64, asked float64) (Decision, error) {
	n := len(calibration)
	if err := CheckRate(n, asked); err != nil {
		return Decision{}, err
	}
	k := Rank(n, asked)
	d := Decision{
		Asked: asked, Calibrated: n, Promised: float64(k) / float64(n+1), Least: Least(n), Normal: len(normal), Anomalies: len(anomalies),
		Threshold: slices.Sorted(slices.Values(calibration))[k-1],
	}
	d.Low, d.High = Luck(len(normal), n, k)
	var err error
	if d.FalseAlarms, err = flagged(calibration, normal, asked); err != nil {
		return Decision{}, err
	}
	if d.Hits, err = flagged(calibration, anomalies, asked); err != nil {
		return Decision{}, err
	}
	if d.AUROC, err = AUROC(normal, anomalies); err != nil {
		return Decision{}, err
	}
	d.AveragePrecision, err = AveragePrecision(normal, anomalies)
	return d, err
}

// flagged returns how many p-values are at most asked.
func flagged(calibration, logProb []float64, asked float64) (count int, err error) {
	p, err := PValues(calibration, logProb)
	return CountAtMost(p, asked), err
}

// CountAtMost returns how many values are at most limit.
func CountAtMost(values []float64, limit float64) (count int) {
	for _, v := range values {
		if v <= limit {
			count++
		}
	}
	return count
}

// Luck returns an interval for the number of m normal events that are flagged because
// they score below the k-th lowest of n calibration scores. At most 2.5 % of the
// probability lies on either side. If all scores are exchangeable and distinct, then of
// the C(n+m, m) orders of both kinds
//
//	P(X = x) = C(x+k-1, x)·C(m-x+n-k, m-x) / C(n+m, m)
//
// have x of the m events there. This is the beta-binomial distribution: each of the m
// events is flagged with the same probability, which depends on the calibration and is
// distributed as Beta(k, n+1-k) (Vovk 2012, https://arxiv.org/abs/1209.2673).
func Luck(m, n, k int) (low, high int) {
	below, high := 0.0, -1
	for x := 0; x <= m; x++ {
		below += math.Exp(combin.LogGeneralizedBinomial(float64(x+k-1), float64(x)) +
			combin.LogGeneralizedBinomial(float64(m-x+n-k), float64(m-x)) - combin.LogGeneralizedBinomial(float64(n+m), float64(m)))
		if below <= 0.025 {
			low = x + 1
		}
		if high < 0 && below >= 0.975 {
			high = x
		}
	}
	return low, high
}

// FalseAlarmRate returns the share of normal events that were flagged.
func (d Decision) FalseAlarmRate() float64 { return float64(d.FalseAlarms) / float64(d.Normal) }

// Found returns the share of anomalies that were flagged.
func (d Decision) Found() float64 { return float64(d.Hits) / float64(d.Anomalies) }

// String returns what was promised and what happened.
func (d Decision) String() string {
	kept := "within"
	if d.FalseAlarms < d.Low || d.FalseAlarms > d.High {
		kept = "outside"
	}
	return fmt.Sprintf(`%d calibration events: the smallest p-value is %.4f
asked:    at most %.3g %% false alarms
promised: %.2f %%, on average over calibrations; of %d events that is %d to %d, 95 times in 100
happened: %d of %d normal events, %.2f %%, which is %s that range
found:    %d of %d anomalies, %.1f %%
AUROC %.4f, average precision %.4f (guessing: 0.5 and %.4f)`,
		d.Calibrated, d.Least, 100*d.Asked, 100*d.Promised, d.Normal, d.Low, d.High,
		d.FalseAlarms, d.Normal, 100*d.FalseAlarmRate(), kept,
		d.Hits, d.Anomalies, 100*d.Found(),
		d.AUROC, d.AveragePrecision, float64(d.Anomalies)/float64(d.Anomalies+d.Normal))
}
