package tabular

import (
	"strings"
	"testing"
)

// Columns are counted before their covariance is made.
func TestTooManyColumnsForTheMemory(t *testing.T) {
	if err := checkCovariance(1000, 100e6); err != nil {
		t.Error(err)
	}
	if err := checkCovariance(5000, 300e6); err == nil || !strings.Contains(err.Error(), "5000 columns") {
		t.Errorf("got %v, want an error that counts the columns", err)
	}
}
