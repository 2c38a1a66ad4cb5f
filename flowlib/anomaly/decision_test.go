package anomaly

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// By hand: of the p-values 0.1, 0.2, …, 1 two are at most 0.2 or 0.25, so rows below the
// second lowest calibration score are flagged.
func TestDecideByHand(t *testing.T) {
	calibration := []float64{5, 3, 9, 7, 1, 8, 6, 2, 4}
	normal := []float64{0.5, 1.5, 2, 3, 12} // p = 0.1, 0.2, 0.3, 0.4, 1
	anomalies := []float64{-9, 1.99, 2.5}   // p = 0.1, 0.2, 0.3
	var d Decision
	for _, asked := range []float64{0.2, 0.25} {
		var err error
		if d, err = Decide(calibration, normal, anomalies, asked); err != nil {
			t.Fatal(err)
		}
		if d.Calibrated != 9 || d.Promised != 0.2 || d.Least != 0.1 || d.Threshold != 2 || d.FalseAlarms != 2 || d.Hits != 2 {
			t.Errorf("%+v", d)
		}
		if !(math.Abs(d.AUROC-(5+3+2)/15.) <= 1e-12) || d.FalseAlarmRate() != 0.4 || !(math.Abs(d.Found()-2./3) <= 1e-12) {
			t.Errorf("AUROC %g, %v", d.AUROC, d)
		}
		if text := d.String(); !strings.Contains(text, "smallest p-value is 0.1000") || !strings.Contains(text, "2 of 5 normal events, 40.00 %, which is within") {
			t.Error(text)
		}
	}
	d.FalseAlarms = d.High + 1
	if text := d.String(); !strings.Contains(text, "outside") {
		t.Error(text)
	}
	if _, err := Decide(calibration, normal, anomalies, 0.05); err == nil || !strings.Contains(err.Error(), "at least 19 are needed") {
		t.Errorf("asked for 0.05 of 9 events: %v", err)
	}
}

// Over many calibrations and tests from one distribution, the false alarms are on average
// those promised, and outside the band at most one time in twenty.
func TestPromiseIsKept(t *testing.T) {
	const trials, n, m, asked = 5000, 30, 40, 0.2 // k = 6 of 31
	rng := rand.New(rand.NewPCG(1, 1))
	draw := func(n int) (values []float64) {
		for range n {
			values = append(values, rng.NormFloat64())
		}
		return values
	}
	sum, below, above := 0.0, 0.0, 0.0
	for range trials {
		d, err := Decide(draw(n), draw(m), []float64{0}, asked)
		if err != nil {
			t.Fatal(err)
		}
		sum += d.FalseAlarmRate() - d.Promised
		if d.FalseAlarms < d.Low {
			below++
		}
		if d.FalseAlarms > d.High {
			above++
		}
	}
	// One rate has a standard deviation of √(p(1-p)(1/(n+2) + (n+1)/(n+2)/m)) = 0.094: five standard errors.
	if mean := sum / trials; !(math.Abs(mean) <= 5*0.094/math.Sqrt(trials)) {
		t.Errorf("false alarms are %+.5f off the promise", mean)
	}
	// Each tail is at most 0.025, and with one more row on its side it would be more.
	if tail := 0.025 + 5*math.Sqrt(0.025/trials); below/trials > tail || above/trials > tail {
		t.Errorf("below the band %g, above %g of the time", below/trials, above/trials)
	}
	low, high := Luck(m, n, 6)
	if !(tailBelow(m, n, 6, low) > 0.025) || !(1-tailBelow(m, n, 6, high-1) > 0.025) {
		t.Errorf("the band %d to %d is wider than it need be", low, high)
	}
}

// tailBelow is P(X <= x), by going through the sequence of n+m scores from the lowest:
// the next is a calibration row with the probability that is left to it.
func tailBelow(m, n, k, x int) (sum float64) {
	var walk func(rows, calibration int, p float64)
	walk = func(rows, calibration int, p float64) {
		if calibration == k { // rows of the test lie below the k-th
			if rows <= x {
				sum += p
			}
			return
		}
		left := float64(n - calibration + m - rows)
		walk(rows, calibration+1, p*float64(n-calibration)/left)
		if rows < min(m, x) { // more rows than x count for nothing
			walk(rows+1, calibration, p*float64(m-rows)/left)
		}
	}
	walk(0, 0, 1)
	return sum
}
