package anomalies

import (
	"fmt"
	"math"
	"slices"

	"github.com/janpfeifer/must"
	"gonum.org/v1/gonum/stat/combin"

	"normflow/flowlib/anomaly"
)

// Decision is what comes of flagging the rows whose conformal p-value is at most the
// false-alarm rate that was asked for.
type Decision struct {
	Asked      float64 // share of normal rows that may be flagged
	Calibrated int     // n: normal rows compared with
	Promised   float64 // share of normal rows flagged, on average over calibrations: ⌊asked·(n+1)⌋/(n+1)
	Least      float64 // the smallest p-value there is, 1/(n+1)
	Threshold  float64 // rows of a lower log-density are flagged, nats

	Normal, Anomalies int // rows of the test
	FalseAlarms, Hits int // of them flagged
	Low, High         int // between which FalseAlarms lies, by the promise, 95 times in 100 at least

	AUROC, AveragePrecision float64 // of the scores, at all thresholds
}

// Decide flags the test rows. It panics where no p-value can be as small as asked.
func Decide(s Scores, asked float64) Decision {
	n := len(s.Calibration)
	must.M(anomaly.CheckRate(n, asked))
	d := Decision{
		Asked: asked, Calibrated: n, Least: 1 / float64(n+1), Normal: len(s.Normal), Anomalies: len(s.Anomalies),
		AUROC:            must.M1(anomaly.AUROC(s.Normal, s.Anomalies)),
		AveragePrecision: must.M1(anomaly.AveragePrecision(s.Normal, s.Anomalies)),
	}
	k := anomaly.Rank(n, asked)
	d.Promised = float64(k) / float64(n+1)
	d.Low, d.High = luck(len(s.Normal), n, k)
	d.Threshold = slices.Sorted(slices.Values(s.Calibration))[k-1]
	d.FalseAlarms, d.Hits = countAtMost(s.pValues(s.Normal), asked), countAtMost(s.pValues(s.Anomalies), asked)
	return d
}

// pValues are the conformal p-values of log-densities.
func (s Scores) pValues(logProb []float64) []float64 {
	return must.M1(anomaly.PValues(s.Calibration, logProb))
}

func countAtMost(values []float64, limit float64) (count int) {
	for _, v := range values {
		if v <= limit {
			count++
		}
	}
	return count
}

// luck returns the bounds, 2.5 % beyond each at most, of how many of m normal rows lie
// below the k-th lowest of n calibration scores and so are flagged, if all are
// exchangeable and no two scores alike: of the C(n+m, m) orders of both kinds,
//
//	P(X = x) = C(x+k-1, x)·C(m-x+n-k, m-x) / C(n+m, m)
//
// have x of them there. It is the beta-binomial distribution: m rows, each flagged
// with a probability that calibration has settled, which is distributed as
// Beta(k, n+1-k) (Vovk 2012, https://arxiv.org/abs/1209.2673).
func luck(m, n, k int) (low, high int) {
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

// FalseAlarmRate is the share of normal rows flagged, Found that of anomalies.
func (d Decision) FalseAlarmRate() float64 { return float64(d.FalseAlarms) / float64(d.Normal) }
func (d Decision) Found() float64          { return float64(d.Hits) / float64(d.Anomalies) }

// Summary is the decision as the report needs it.
func (d Decision) Summary() map[string]float64 {
	return map[string]float64{
		"false_alarm": d.Asked, "calibrated": float64(d.Calibrated), "promised": d.Promised, "least": d.Least, "threshold": d.Threshold,
		"normal": float64(d.Normal), "anomalies": float64(d.Anomalies), "false_alarms": d.FalseAlarmRate(), "found": d.Found(),
		"auroc": d.AUROC, "average_precision": d.AveragePrecision,
	}
}

// String says what was promised and what happened.
func (d Decision) String() string {
	kept := "within"
	if d.FalseAlarms < d.Low || d.FalseAlarms > d.High {
		kept = "outside"
	}
	return fmt.Sprintf(`%d calibration rows: the smallest p-value is %.4f
asked:    at most %.3g %% false alarms
promised: %.2f %%, on average over calibrations; of %d rows that is %d to %d, 95 times in 100
happened: %d of %d normal rows, %.2f %%, which is %s that range
found:    %d of %d anomalies, %.1f %%
AUROC %.4f, average precision %.4f (guessing: 0.5 and %.4f)`,
		d.Calibrated, d.Least, 100*d.Asked, 100*d.Promised, d.Normal, d.Low, d.High,
		d.FalseAlarms, d.Normal, 100*d.FalseAlarmRate(), kept,
		d.Hits, d.Anomalies, 100*d.Found(),
		d.AUROC, d.AveragePrecision, float64(d.Anomalies)/float64(d.Anomalies+d.Normal))
}
