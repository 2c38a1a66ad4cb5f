package tabular

import (
	"context"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"normflow/flowlib/backend"
	"normflow/flowlib/flow"
	"normflow/flowlib/table"
)

// Whatever the engine, the order of the columns and the format, a row has the
// log-density that the flow gives it.
func TestScoreIsLogProb(t *testing.T) {
	dir, _ := fitted(t, small())
	rows := moons(2, 5000) // more than a chunk
	rows[17] = []float64{40, -40}
	b, err := backend.Open("go")
	if err != nil {
		t.Fatal(err)
	}
	g, err := flow.Load(b, dir)
	if err != nil {
		t.Fatal(err)
	}
	want, err := g.LogProb(rows)
	if err != nil {
		t.Fatal(err)
	}
	swapped := make([][]float64, len(rows))
	for i, row := range rows {
		swapped[i] = []float64{row[1], float64(i), row[0]}
	}
	for _, tt := range []struct {
		name, engine, out string
		columns           []string
		rows              [][]float64
		matched           Matched
	}{
		{"t.csv", "fast", "o.csv", []string{"a", "b"}, rows, Matched{"name", nil}},
		{"t.csv", "go", "o.csv", []string{"a", "b"}, rows, Matched{"name", nil}},
		{"t.csv.gz", "auto", "o.csv.gz", []string{"b", "id", "a"}, swapped, Matched{"name", []string{"id"}}},
		{"t.npy", "auto", "o.npy", []string{"a", "b"}, rows, Matched{"position", nil}},
		{"t.parquet", "auto", "o.parquet", []string{"b", "id", "a"}, swapped, Matched{"name", []string{"id"}}},
	} {
		m := open(t, dir, tt.engine)
		out := filepath.Join(t.TempDir(), tt.out)
		seen, err := m.Score(context.Background(), write(t, tt.name, tt.columns, tt.rows), out, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if seen.Rows != 5000 || !reflect.DeepEqual(seen.Matched, tt.matched) {
			t.Errorf("%s: got %+v", tt.name, seen)
		}
		got := readAll(t, out)
		if len(got.Rows) != len(want) || tt.out != "o.npy" && strings.Join(got.Columns, " ") != "log_prob" {
			t.Fatalf("%s: %d rows of %v", tt.name, len(got.Rows), got.Columns)
		}
		sum := 0.0
		for i, row := range got.Rows {
			sum -= row[0]
			if !near(row[0], want[i]) {
				t.Fatalf("%s on %s: row %d has %g, want %g", tt.name, tt.engine, i, row[0], want[i])
			}
		}
		if !near(seen.NLL.Mean, sum/5000) {
			t.Errorf("%s: NLL %g, want %g", tt.name, seen.NLL.Mean, sum/5000)
		}
	}
}

func TestScoreKeepsColumns(t *testing.T) {
	dir, _ := fitted(t, small())
	m := open(t, dir, "auto")
	in := write(t, "t.csv", []string{"b", "id", "a"}, [][]float64{{0.5, 7, 1}, {0.25, 8, 0}})
	out := filepath.Join(t.TempDir(), "o.csv")
	if _, err := m.Score(context.Background(), in, out, Options{Keep: true}); err != nil {
		t.Fatal(err)
	}
	got := readAll(t, out)
	if strings.Join(got.Columns, " ") != "b id a log_prob" || got.Rows[1][1] != 8 || got.Rows[1][0] != 0.25 {
		t.Errorf("got %+v", got)
	}
	// What was scored can be scored again, but not with two columns of one name.
	if _, err := m.Score(context.Background(), out, filepath.Join(t.TempDir(), "p.csv"), Options{Keep: true}); err == nil || !strings.Contains(err.Error(), `o.csv: has a column "log_prob", as the one that is to be added: rename it`) {
		t.Error(err)
	}
	if _, err := m.Score(context.Background(), in, in, Options{}); err == nil || !strings.Contains(err.Error(), "choose another name for the output") {
		t.Error(err)
	}
}

func TestScoreRefuses(t *testing.T) {
	dir, _ := fitted(t, small())
	m := open(t, dir, "auto")
	for _, tt := range []struct {
		name    string
		columns []string
		row     []float64
		want    string
	}{
		{"t.csv", []string{"a", "B", "z"}, []float64{1, 2, 3}, `lacks column "b"; the file has: a, B, z; the model has: a, b: rename or add the missing, or fit a model without`},
		{"t.npy", []string{"a", "b", "c"}, []float64{1, 2, 3}, "has 3 columns without names, the model has 2 (a, b): give it a header with these names, or these columns alone in this order"},
	} {
		in := write(t, tt.name, tt.columns, [][]float64{tt.row})
		out := filepath.Join(t.TempDir(), "o.csv")
		_, err := m.Score(context.Background(), in, out, Options{})
		if err == nil || !strings.HasPrefix(err.Error(), in+": ") || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got  %v\nwant %s", err, tt.want)
		}
		if _, err := table.ReadAll(out, table.Options{}); err == nil {
			t.Error("a table was written all the same")
		}
	}
	stopped, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := m.Score(stopped, write(t, "t.csv", []string{"a", "b"}, moons(1, 10)), filepath.Join(t.TempDir(), "o.csv"), Options{}); err == nil || !strings.Contains(err.Error(), "stopped after 0 rows") {
		t.Error(err)
	}
}

// A row whose way to the latents leaves float32 has density 0, by every engine.
func TestFarOut(t *testing.T) {
	dir, _ := fitted(t, small())
	in := write(t, "t.csv", []string{"a", "b"}, [][]float64{{0, 0}, {1, 1}, {1e300, 0}, {1, 0}})
	seen, err := open(t, dir, "auto").Score(context.Background(), in, filepath.Join(t.TempDir(), "o.npy"), Options{})
	if err != nil || seen.Zero != 1 || seen.NLL != nil {
		t.Errorf("got %+v, %v", seen, err)
	}
	b, err := backend.Open("go")
	if err != nil {
		t.Fatal(err)
	}
	glow, err := flow.Glow(2).NewModel(b) // its matrices make 0·∞
	if err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(t.TempDir(), "glow")
	if err := glow.Save(dir, nil); err != nil {
		t.Fatal(err)
	}
	in = write(t, "t.npy", []string{"a", "b"}, [][]float64{{0, 0}, {1, 1}, {1e300, 0}, {1, 0}})
	seen, err = open(t, dir, "go").Score(context.Background(), in, filepath.Join(t.TempDir(), "o.npy"), Options{})
	if err != nil || seen.Zero != 1 || seen.NLL != nil {
		t.Errorf("got %+v, %v", seen, err)
	}
}

func TestModelsWithoutARecord(t *testing.T) {
	dir, _ := fitted(t, small())
	saved := open(t, dir, "auto").Saved
	saved.Training = []byte(`{"kind":"experiment"}`)
	other := filepath.Join(t.TempDir(), "other")
	if err := saved.Write(other); err != nil {
		t.Fatal(err)
	}
	m := open(t, other, "auto")
	if m.Record != nil || strings.Join(m.Columns(), " ") != "c1 c2" {
		t.Errorf("columns %v, record %+v", m.Columns(), m.Record)
	}
	in := write(t, "t.csv", []string{"a", "b"}, moons(1, 300))
	if _, err := m.Score(context.Background(), in, filepath.Join(t.TempDir(), "o.csv"), Options{}); err == nil || !strings.Contains(err.Error(), `lacks columns "c1", "c2"; the file has: a, b`) {
		t.Error(err)
	}
	npy := write(t, "t.npy", []string{"a", "b"}, moons(1, 300))
	o := AnomalyOptions{FalseAlarm: 0.01}
	if _, err := m.Anomalies(context.Background(), npy, "", o); err == nil || !strings.Contains(err.Error(), "name a table of such normal rows") {
		t.Error(err)
	}
	o.Calibration = npy
	if a, err := m.Anomalies(context.Background(), npy, "", o); err != nil || a.Calibrated != 300 || a.Flagged != 2 {
		t.Errorf("got %+v, %v", a, err)
	}

	saved.Training = []byte(`{"kind":"normflow table fit 1","features":["a"]}`)
	if err := saved.Write(other); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(other, "auto"); err == nil || !strings.Contains(err.Error(), "model.json: training: features: found a list of 1, expected 2: the file is edited or damaged") {
		t.Error(err)
	}
}
