package tabular

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
)

// A name of no known format is refused before a row is read: the table need not exist.
func TestUnknownFormatIsRefusedFirst(t *testing.T) {
	dir, _ := fitted(t, small())
	m := open(t, dir, "auto")
	none, ctx := filepath.Join(t.TempDir(), "none.csv"), context.Background()
	for name, want := range map[string]string{"o.xyz": "no format of tables", "o.csv.zip": "not packed", "o.xlsx": "workbooks"} {
		out := filepath.Join(t.TempDir(), name)
		_, score := m.Score(ctx, none, out, Options{})
		_, sample := m.Sample(ctx, out, SampleConfig{ConditionFile: none, Temperature: 1})
		_, anomaly := m.Anomalies(ctx, none, out, AnomalyOptions{FalseAlarm: 0.1, Calibration: none})
		for command, err := range map[string]error{"score": score, "sample": sample, "anomaly": anomaly} {
			if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), out) {
				t.Errorf("%s -o %s: got %v, want %q", command, name, err, want)
			}
		}
	}
}
