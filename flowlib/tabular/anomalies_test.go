package tabular

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"normflow/flowlib/anomaly"
	"normflow/flowlib/table"
)

func TestAnomalies(t *testing.T) {
	c := small()
	c.Test = 0.4 // 400 rows to compare with
	dir, r := fitted(t, c)
	m := open(t, dir, "auto")
	rows := moons(5, 4000)
	for i, row := range rows { // y, label, x
		rows[i] = []float64{row[1], 0, row[0]}
		if i%100 == 50 {
			rows[i] = []float64{row[1] + 6, 2, row[0]}
		}
	}
	file := write(t, "t.csv", []string{"b", "label", "a"}, rows)
	out := filepath.Join(t.TempDir(), "o.csv")
	a, err := m.Anomalies(context.Background(), file, out, AnomalyOptions{FalseAlarm: 0.05, Labels: "label"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := table.ReadAll(out, table.Options{Exclude: []string{"drivers"}, Keep: []string{"drivers"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, keep := range []bool{false, true} {
		for _, name := range []string{"o.csv", "o.parquet"} {
			path := filepath.Join(t.TempDir(), name)
			if _, err := m.Anomalies(context.Background(), file, path, AnomalyOptions{FalseAlarm: 0.05, Labels: "label", Options: Options{Keep: keep}}); err != nil {
				t.Fatal(err)
			}
			want := "log_prob score p_value anomaly drivers"
			if keep {
				want = "b label a " + want
			}
			r, err := table.Open(path, table.Options{Columns: []string{"log_prob"}})
			if err != nil {
				t.Fatal(err)
			}
			if names := strings.Join(namesOf(r.All()), " "); names != want {
				t.Errorf("%s, keep %v: the columns are %s, want %s", name, keep, names, want)
			}
			r.Close()
		}
	}
	if strings.Join(got.Columns, " ") != "log_prob score p_value anomaly" || len(got.Rows) != 4000 {
		t.Fatalf("%d rows of %v", len(got.Rows), got.Columns)
	}
	var normal, strange []float64
	flagged := int64(0)
	for i, row := range got.Rows {
		below, edge := 1, false
		for _, s := range r.Calibration.Scores {
			edge = edge || math.Abs(s-row[1]-slack(row[1])) < 1e-6 // which the file's float32 cannot decide
			if s <= row[1]+slack(row[1]) {
				below++
			}
		}
		if want := float64(below) / 401; math.Abs(row[2]-want) > 1e-6 && !edge || (row[3] == 1) != (row[2] <= 0.05) || (row[3] == 1) != (row[1] < float64(float32(a.Threshold))) {
			t.Fatalf("row %d: %v, want the p-value %g; threshold %g", i, row, want, a.Threshold)
		}
		if row[3] == 1 {
			flagged++
		} else if got.Text[i][0] != "" {
			t.Errorf("row %d is not flagged, yet driven by %q", i, got.Text[i][0])
		}
		if rows[i][1] == 0 {
			normal = append(normal, row[1])
			continue
		}
		strange = append(strange, row[1])
		if !strings.HasPrefix(got.Text[i][0], "b is ") {
			t.Errorf("row %d is driven by %q, want b", i, got.Text[i][0])
		}
	}
	auroc, err := anomaly.AUROC(normal, strange)
	if err != nil {
		t.Fatal(err)
	}
	l := a.Labels
	if a.Flagged != flagged || l.Normal != 3960 || l.Anomalous != 40 || math.Abs(l.AUROC-auroc) > 1e-6 || l.Detected != 1 || !(l.AveragePrecision > 0.9) {
		t.Errorf("got %+v of %d flagged, want AUROC %g", l, flagged, auroc)
	}
	// 5 % give or take the noise of 400 held-out rows, 1.1 %.
	if math.Abs(l.FalseAlarms-0.05) > 0.04 {
		t.Errorf("%g of the normal rows are flagged", l.FalseAlarms)
	}
	if len(a.Strangest) != 10 || a.Strangest[0].Score > a.Strangest[9].Score || int(a.Strangest[0].Line-2)%100 != 50 || a.Unit != "line" || len(a.Matched.Ignored) != 0 {
		t.Errorf("got %+v", a)
	}
	text, err := json.Marshal(a)
	if err != nil || !strings.Contains(string(text), `"drivers":[{"column":"b","value":`) {
		t.Errorf("%v in %s", err, text)
	}
}

// Rows of whole numbers, of which many are equal: they are flagged by every engine as
// by that which scored the rows held out, though log-densities differ in their last
// digits.
func TestAnomaliesAmongEqualRows(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	rows := make([][]float64, 1000)
	for i := range rows {
		rows[i] = []float64{float64(rng.IntN(3)), float64(rng.IntN(4))}
	}
	file := write(t, "t.csv", []string{"a", "b"}, rows)
	dir := filepath.Join(t.TempDir(), "model")
	if _, err := Fit(context.Background(), file, dir, small(), Progress{}); err != nil {
		t.Fatal(err)
	}
	flagged := map[string]string{}
	for _, engine := range []string{"fast", "go"} {
		m := open(t, dir, engine)
		for rate := 0.05; rate < 1; rate += 0.05 {
			a, err := m.Anomalies(context.Background(), file, "", AnomalyOptions{FalseAlarm: rate})
			if err != nil {
				t.Fatal(err)
			}
			flagged[engine] += fmt.Sprint(a.Flagged, " ")
		}
	}
	if flagged["fast"] != flagged["go"] {
		t.Errorf("at rates from 0.05 on fast flags %s\nand go %s", flagged["fast"], flagged["go"])
	}
}

// A rate just below 1 flags all but the likeliest; a row of density 0 has drivers too.
func TestExtremeAnomalies(t *testing.T) {
	dir, _ := fitted(t, small())
	m := open(t, dir, "auto")
	file := write(t, "t.csv", []string{"a", "b"}, [][]float64{{1e39, 0}, {0, 1}})
	a, err := m.Anomalies(context.Background(), file, "", AnomalyOptions{FalseAlarm: math.Nextafter(1, 0)})
	if err != nil {
		t.Fatal(err)
	}
	if scores := m.Record.Calibration.Scores; math.Abs(float64(a.Threshold)-scores[len(scores)-1]) > 1e-3 {
		t.Errorf("threshold %g, want the largest score", a.Threshold)
	}
	// Where calibration has rows of density 0, so may the threshold be.
	impossible := write(t, "c.csv", []string{"a", "b"}, [][]float64{{1e39, 0}, {1e39, 1}, {0, 1}})
	none, err := m.Anomalies(context.Background(), file, "", AnomalyOptions{FalseAlarm: 0.25, Calibration: impossible})
	if err != nil {
		t.Fatal(err)
	}
	if text, err := json.Marshal(none); err != nil || none.Flagged != 0 || !strings.Contains(string(text), `"threshold":null`) {
		t.Errorf("%v in %s", err, text)
	}
	if got := a.Strangest[0].Drivers[0].String(); !strings.HasPrefix(got, "a is 1e+39, not ") || !strings.HasSuffix(got, " (+Inf nats)") {
		t.Errorf("driven by %s", got)
	}
}

func TestAnomaliesRefuse(t *testing.T) {
	dir, _ := fitted(t, small())
	m := open(t, dir, "auto")
	file := write(t, "t.csv", []string{"a", "b", "l"}, [][]float64{{1, 0, 0}, {0, 1, 0}})
	fresh := write(t, "f.csv", []string{"a", "b"}, moons(2, 100))
	for _, tt := range []struct {
		o         AnomalyOptions
		out, want string
	}{
		{AnomalyOptions{}, "", "expected a share of the normal rows between 0 and 1, found 0"},
		{AnomalyOptions{FalseAlarm: 0.05, Labels: "m"}, "", `t.csv: there is no column "m"; there are: a, b, l`},
		{AnomalyOptions{FalseAlarm: 0.05, Labels: "3"}, "", `t.csv: there is no column "3"; there are: a, b, l`},
		{AnomalyOptions{FalseAlarm: 0.05, Labels: "a"}, "", `t.csv: column "a" is one of the model's: expected another, of labels`},
		{AnomalyOptions{FalseAlarm: 0.05, Labels: "m", Options: Options{Keep: true}}, "", `there is no column "m"; there are: a, b, l`},
		{AnomalyOptions{FalseAlarm: 0.05, Labels: "l"}, "", `t.csv: column "l" marks all 2 rows as normal (0 or false): expected another number than 0, or true, in the rows that are anomalies`},
		{AnomalyOptions{FalseAlarm: 0.05, Calibration: fresh}, fresh, "f.csv: is the file to read and the one to write: choose another name for the output"},
		{AnomalyOptions{FalseAlarm: 0.05}, file, "t.csv: is the file to read and the one to write: choose another name for the output"},
	} {
		if _, err := m.Anomalies(context.Background(), file, tt.out, tt.o); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got  %v\nwant %s", err, tt.want)
		}
	}
	words := filepath.Join(t.TempDir(), "w.csv")
	if err := os.WriteFile(words, []byte("a,b,l\n0,0,false\n1,1,TRUE\n0,1,perhaps\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Anomalies(context.Background(), words, "", AnomalyOptions{FalseAlarm: 0.05, Labels: "l"}); err == nil ||
		!strings.Contains(err.Error(), `w.csv: line 4, column "l": found "perhaps", expected 0 or false for a normal row, another number or true for an anomaly: correct it, or name another column`) {
		t.Error(err)
	}
}
