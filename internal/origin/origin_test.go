package origin

import (
	"encoding/json"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestNow(t *testing.T) {
	o := Now()
	if o.Versions["go"] != runtime.Version() || !strings.HasPrefix(o.Machine, runtime.GOOS+"/") || o.Commit == "" {
		t.Errorf("origin %+v", o)
	}
	if day, err := time.Parse(time.DateOnly, o.Date); err != nil || time.Since(day) > 48*time.Hour {
		t.Errorf("date %q, %v", o.Date, err)
	}
	row, err := json.Marshal(struct {
		Origin
		KL float64 `json:"kl"`
	}{o, 1})
	if err != nil || !strings.Contains(string(row), `"machine":`) || !strings.Contains(string(row), `"kl":1`) {
		t.Errorf("a row %s, %v", row, err)
	}
}
