package tabular

import (
	"strings"
	"testing"
)

// Columns are counted before their covariance is made, which has to fit into a model too.
func TestTooManyColumnsForTheMemory(t *testing.T) {
	if err := checkCovariance(1000, "", 100e6); err != nil {
		t.Error(err)
	}
	for _, model := range []string{"", "gaussian", "realnvp"} {
		if err := checkCovariance(5000, model, 300e6); err == nil || !strings.Contains(err.Error(), "5000 columns") {
			t.Errorf("got %v, want an error that counts the columns", err)
		}
	}
	if err := checkCovariance(5000, "gaussian", 300e9); err == nil || !strings.Contains(err.Error(), "expected at most 1900") {
		t.Errorf("got %v, want an error before the fit", err)
	}
}
