package anomalies

import (
	"math"
	"strings"
	"testing"

	"normflow/flowlib/anomaly"
)

// On average the promise is kept, be the calibration as unlucky as it may, and the
// shares spread as luck says.
func TestReshuffle(t *testing.T) {
	var s Scores
	for i := range 60 { // all of calibration is less strange than all of the test
		s.Normal, s.Calibration = append(s.Normal, float64(i)), append(s.Calibration, float64(1000+i))
	}
	const times, asked = 20000, 0.1
	if Decide(Scores{s.Calibration, s.Normal, s.Normal}, asked).FalseAlarmRate() != 1 {
		t.Fatal("the calibration is not unlucky")
	}
	r := Reshuffle(s, asked, times)
	// A share has a standard deviation of about √(2·0.1·0.9/60) = 0.055: five standard errors.
	if r.Promised != 6./61 || !(math.Abs(r.Mean-r.Promised) <= 5*0.055/math.Sqrt(times)) {
		t.Errorf("%+v", r)
	}
	low, high := anomaly.Luck(60, 60, 6)
	if !(math.Abs(60*r.Low-float64(low)) <= 1.001) || !(math.Abs(60*r.High-float64(high)) <= 1.001) { // sampling noise of a quantile
		t.Errorf("%+v, by luck %d to %d of 60", r, low, high)
	}
	if s.Normal[7] != 7 || s.Calibration[7] != 1007 {
		t.Error("the scores were moved")
	}
	if text := r.String(); !strings.Contains(text, "promised: 9.84 %") {
		t.Error(text)
	}
}
