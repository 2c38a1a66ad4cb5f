package main

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"normflow/flowlib/dataset"
	"normflow/flowlib/table"
	"normflow/flowlib/tabular"
)

// short is a measurement that takes a second.
func short(t *testing.T) asked {
	a := asked{rows: 1000, test: 2000, out: filepath.Join(t.TempDir(), "o.json"), fit: tabular.DefaultFit()}
	a.fit.Model, a.fit.Steps, a.fit.Layers = "realnvp", 60, 2
	return a
}

func TestMeasure(t *testing.T) {
	a := short(t)
	if err := a.check("moons10,rings", "3,4", nil); err != nil {
		t.Fatal(err)
	}
	if err := a.measure(context.Background()); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(a.out)
	if err != nil {
		t.Fatal(err)
	}
	var rows []row
	if err := json.Unmarshal(text, &rows); err != nil {
		t.Fatal(err)
	}
	if len(rows) != 4 || rows[0].Data != "moons10" || rows[3].Data != "rings" || rows[1].Seed != 4 {
		t.Fatalf("got %+v", rows)
	}
	if rows[0].KL == rows[1].KL {
		t.Error("two seeds gave one figure")
	}
	for _, r := range rows {
		// Of 60 steps at 800 rows little may be asked: less than a nat off, and never
		// better than the truth.
		if !(r.KL > -3*r.KLSE && r.KL < 1) || !(r.KLSE > 0) || !(r.Seconds > 0) || r.BestStep < 1 || r.BestStep > 60 || r.Model != "realnvp" || r.Parameters == 0 || r.Backend == "" || r.Commit == "" {
			t.Errorf("%+v", r)
		}
	}
}

// The KL to a model is what the definition says: of the model's own entropy and the
// truth's, which another formula gives.
func TestDivergence(t *testing.T) {
	a := short(t)
	d, err := dataset.ByName("8gaussians")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file, model := filepath.Join(dir, "t.csv"), filepath.Join(dir, "m")
	if err := table.WriteAll(file, columns, d.Sample(1, a.rows)); err != nil {
		t.Fatal(err)
	}
	if _, err := tabular.Fit(context.Background(), file, model, a.fit, tabular.Progress{}); err != nil {
		t.Fatal(err)
	}
	m, err := tabular.Open(model, "auto")
	if err != nil {
		t.Fatal(err)
	}
	points := d.Sample(5, 20000)
	kl, _, err := divergence(d, m, points)
	if err != nil {
		t.Fatal(err)
	}
	logQ, flat := make([]float64, len(points)), []float64{}
	for _, p := range points {
		flat = append(flat, p...)
	}
	if err := m.LogProb(logQ, flat); err != nil {
		t.Fatal(err)
	}
	nll := 0.0
	for _, v := range logQ {
		nll -= v / float64(len(logQ))
	}
	// The sample's own entropy scatters around the true one.
	if got := nll - d.Entropy; math.Abs(got-kl) > 0.05 {
		t.Errorf("KL %g, NLL less entropy %g", kl, got)
	}
}

func TestCheckNames(t *testing.T) {
	for _, c := range []struct{ data, seeds, rest, says string }{
		{"moons", "0", "", "-data"},
		{"all", "0,x", "", `"x"`},
		{"all", "0", "more", `"more"`},
	} {
		a := short(t)
		err := a.check(c.data, c.seeds, strings.Fields(c.rest))
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	a := short(t)
	if err := a.check("all", "0", nil); err != nil || len(a.densities) != 9 {
		t.Errorf("%d densities, %v", len(a.densities), err)
	}
}
