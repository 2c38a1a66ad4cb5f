package anomalies

import (
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/janpfeifer/must"

	"normflow/flowlib/density"
	"normflow/flowlib/tabular"
	"normflow/notebooks/nb"
)

// quick fits a small flow in a moment, on the pure-Go backend.
func quick(t *testing.T, seed int64) Fitted {
	t.Helper()
	t.Setenv("GOMLX_BACKEND", "go")
	t.Setenv("FLOW_STEPS", "40")
	t.Setenv("FLOW_RUNS", t.TempDir())
	return FitParts(Part(squad(400), "fine", seed), 2)
}

// A second call hands back the first fit; other seeds, layers and rows are fitted anew.
func TestFitPartsOnce(t *testing.T) {
	f := quick(t, 0)
	again := FitParts(Part(squad(400), "fine", 0), 2)
	if again.Record.Created != f.Record.Created || again.Record.Result.Seconds != f.Record.Result.Seconds || !slices.Equal(again.Scores.Normal, f.Scores.Normal) || again.Dir != f.Dir {
		t.Error("the fit was made twice")
	}
	if f.Layers != 2 || f.Parameters < 100 || f.Record.Split.Train+f.Record.Split.Valid+f.Record.Split.Test != 200 {
		t.Errorf("%d layers, %d parameters, %+v", f.Layers, f.Parameters, f.Record.Split)
	}
	key := func(p Parts, layers int) string {
		cfg := tabular.DefaultFit()
		cfg.Layers = layers
		return p.key(cfg)
	}
	other := Part(squad(400), "fine", 0)
	other.Anomalies = other.Anomalies[1:]
	if a, b, c := key(f.Parts, 2), key(f.Parts, 3), key(other, 2); a == b || a == c || a != key(f.Parts, 2) {
		t.Errorf("keys %s, %s, %s", a, b, c)
	}
}

// Each row has its own score, whatever part it is in.
func TestScoresOfParts(t *testing.T) {
	f := quick(t, 0)
	m := must.M1(tabular.Open(f.Dir, "auto"))
	for name, part := range map[string]struct {
		rows   [][]float64
		scores []float64
	}{"calibration": {f.Parts.Calibration, f.Scores.Calibration}, "normal": {f.Parts.Normal, f.Scores.Normal}, "anomalies": {f.Parts.Anomalies, f.Scores.Anomalies}} {
		if len(part.scores) != len(part.rows) {
			t.Fatalf("%s: %d scores of %d rows", name, len(part.scores), len(part.rows))
		}
		for _, i := range []int{0, len(part.rows) - 1} {
			// float32, in another chunk
			if got := must.M1(density.LogProb(m, part.rows[i:i+1]))[0]; !(math.Abs(got-part.scores[i]) <= 1e-4) {
				t.Errorf("%s: row %d has %g, alone %g", name, i, part.scores[i], got)
			}
		}
	}
	if c := f.Curve(); len(c.Validation) == 0 || c.Limit != nil || c.Validation[0][1] != -f.Record.Result.Curve[0].Valid || c.Name != "fine rows" {
		t.Errorf("curve %+v", c)
	}
}

// The odd rows are far off in column a alone, and are told so.
func TestStrangestIsDrivenByItsColumn(t *testing.T) {
	f := quick(t, 0)
	rows := f.Strangest()
	lowest, highest := slices.Min(f.Scores.Anomalies), slices.Max(f.Scores.Anomalies)
	if len(rows) != 3 || rows[0].LogProb != lowest || rows[2].LogProb != highest || rows[1].LogProb < lowest || rows[1].LogProb > highest {
		t.Fatalf("%+v", rows)
	}
	for _, r := range rows {
		if d := r.Drivers[0]; f.Parts.Columns[d.Column] != "a" || !(d.Gain > 1) || d.Expected > 3 {
			t.Errorf("%s: %v is driven by %+v", r.Name, r.Row, d)
		}
		if i := slices.Index(f.Scores.Anomalies, r.LogProb); !slices.Equal(f.Parts.Anomalies[i], r.Row) {
			t.Errorf("%s: the score is of another row", r.Name)
		}
	}
	if svg := string(f.RangeFigure(nb.Info("table-ranges"), rows)); !strings.Contains(svg, "least strange") || !strings.Contains(svg, "fine rows") {
		t.Error("the picture lacks a panel")
	}
	if svg := string(ScoreFigure(nb.Info("table-scores"), f, Decide(f.Scores, 0.05))); !strings.Contains(svg, ">odd<") || !strings.Contains(svg, ">fine<") {
		t.Error("the picture lacks a name")
	}
}

// Of 0, 1, …, 99 nine tenths lie between 4 and 94.
func TestUsual(t *testing.T) {
	var p Parts
	for i := range 100 {
		p.Train = append(p.Train, []float64{-7, float64((37 * i) % 100)})
	}
	r, mean, std := p.usual(1)
	for got, want := range map[float64]float64{mean: 49.5, std: math.Sqrt(100. * 101 / 12), mean + r.Low*std: 4, mean + r.Middle*std: 49, mean + r.High*std: 94} {
		if !(math.Abs(got-want) <= 1e-9) {
			t.Errorf("got %g, want %g", got, want)
		}
	}
}

// The flow comes first, and the last method sees no correlations.
func TestMethods(t *testing.T) {
	f := quick(t, 0)
	m := Methods(f)
	if len(m) != 3 || !slices.Equal(m[0].Scores.Normal, f.Scores.Normal) {
		t.Fatalf("%d methods", len(m))
	}
	for i, correlations := range []bool{true, false} {
		if want := NewGaussian(f.Parts.Train, correlations).LogProb(f.Parts.Anomalies); !slices.Equal(m[1+i].Scores.Anomalies, want) {
			t.Errorf("%s has other scores", m[1+i].Name)
		}
	}
}

// All methods tell the odd rows of this table, and the methods are compared on equal rows.
func TestCompete(t *testing.T) {
	quick(t, 0) // sets what follows up
	r := Compete(squad(400), "fine", 2, 2, 0.05)
	if len(r.Names) != 3 || r.Names[0] != "flow" || len(r.Decisions[2]) != 2 {
		t.Fatalf("%v", r.Names)
	}
	for i, splits := range r.Decisions {
		for k, d := range splits {
			if d.Normal != 100 || d.Anomalies != 100 || !(d.AUROC > 0.98) {
				t.Errorf("%s, split %d: %+v", r.Names[i], k, d)
			}
		}
		if splits[0].AUROC == splits[1].AUROC && splits[0].Threshold == splits[1].Threshold {
			t.Errorf("%s: both splits are one", r.Names[i])
		}
	}
}

// The commands that a reader is given run, and find what the notebook finds.
func TestCommandsDoTheSame(t *testing.T) {
	f := quick(t, 3)
	bin := t.TempDir()
	build := exec.Command("go", "build", "-o", filepath.Join(bin, "flow"), "../../../cmd/flow")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	commands := strings.Replace(f.Commands(0.05), "flagged.csv\n", "flagged.csv --json >found.json\n", 1)
	shell := exec.Command("sh", "-ec", commands+"\ntest -s page.html\ntest -s flagged.csv")
	shell.Dir = nb.Root() // a folder of the project is named from there
	shell.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
	if out, err := shell.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s\n%s", err, commands, out)
	}
	var found tabular.Anomalies
	must.M(json.Unmarshal(must.M1(os.ReadFile(filepath.Join(filepath.Dir(f.Dir), "found.json"))), &found))
	d := Decide(f.Scores, 0.05)
	if l := found.Labels; l == nil || !(math.Abs(l.AUROC-d.AUROC) <= 1e-3) || !(math.Abs(l.AveragePrecision-d.AveragePrecision) <= 1e-3) ||
		!(math.Abs(l.FalseAlarms-d.FalseAlarmRate()) <= 1e-9) || !(math.Abs(l.Detected-d.Found()) <= 1e-9) ||
		found.Calibrated != d.Calibrated || !(math.Abs(float64(found.Threshold)-d.Threshold) <= 1e-3) {
		t.Errorf("flow anomaly found %+v, %+v, the notebook %+v", found, l, d)
	}
}
