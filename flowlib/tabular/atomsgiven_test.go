package tabular

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"normflow/flowlib/density"
	"normflow/flowlib/table"
)

// drawRain has the kind of a station, rain, which is exactly 0 on many days, more often at
// some kinds, and a temperature that depends on both; with the log-densities.
func drawRain(seed uint64, n int) (rows [][]string, logProb []float64) {
	rng := rand.New(rand.NewPCG(seed, 6))
	normal := func(v, mean, std float64) float64 {
		z := (v - mean) / std
		return -z*z/2 - math.Log(std) - math.Log(2*math.Pi)/2
	}
	for range n {
		k := rng.IntN(3)
		lp := math.Log(1. / 3)
		dry := []float64{0.2, 0.4, 0.6}[k]
		rain, mean := 0.0, 20.0
		if rng.Float64() < dry {
			lp += math.Log(dry)
		} else {
			y := float64(k) + 0.5*rng.NormFloat64()
			rain, mean = math.Exp(y), 10+2*y
			lp += math.Log(1-dry) + normal(y, float64(k), 0.5) - y
		}
		temperature := mean + float64(k) + rng.NormFloat64()
		lp += normal(temperature, mean+float64(k), 1)
		rows = append(rows, []string{[]string{"coast", "inland", "south"}[k], fmt.Sprint(rain), fmt.Sprint(temperature)})
		logProb = append(logProb, lp)
	}
	return rows, logProb
}

// Beside categories the exact 0 of a column of rain has its mass, in the density and in
// draws, which depends on them.
func TestAtomsBesideCategories(t *testing.T) {
	if testing.Short() {
		t.Skip("it fits flows")
	}
	const columns = "station,rain,temperature"
	rows, _ := drawRain(1, 2000)
	m, notes := fitTexts(t, writeTexts(t, "rain.csv", columns, rows), func(c *FitConfig) { c.Steps = 60 })
	if m.Saved.Atoms == nil || m.Saved.Categories == nil || !strings.Contains(notes, "exactly 0 in ") || !strings.Contains(notes, "category of 3 levels") {
		t.Fatalf("said\n%s", notes)
	}
	fresh, truth := drawRain(2, 8000)
	file := writeTexts(t, "fresh.csv", columns, fresh)
	read := func(file string) [][]float64 {
		got, err := table.ReadAll(file, table.Options{Columns: m.Features, Coder: m.coder})
		if err != nil {
			t.Fatal(err)
		}
		return got.Rows
	}
	logProb, err := density.LogProb(m, read(file))
	if err != nil {
		t.Fatal(err)
	}
	kl := 0.0
	for i, lp := range logProb {
		kl += (truth[i] - lp) / float64(len(fresh))
	}
	t.Logf("KL %.4f", kl)
	if !(kl < 0.05) {
		t.Errorf("KL %.4f", kl)
	}
	out := filepath.Join(t.TempDir(), "draws.csv")
	if _, err := m.Sample(context.Background(), out, SampleConfig{Count: 8000, Temperature: 1, Seed: 1}); err != nil {
		t.Fatal(err)
	}
	var dry, of [3]float64
	for _, row := range read(out) {
		k := int(row[0])
		if k == 3 { // another text, as the model expects of a few rows
			continue
		}
		if of[k]++; row[1] == 0 {
			dry[k]++
		}
		if row[1] < 0 {
			t.Fatalf("drew %v", row)
		}
	}
	for k, want := range []float64{0.2, 0.4, 0.6} {
		// The share of 600 rows of the fit strays too.
		if se := math.Sqrt(want * (1 - want) * (1/of[k] + 1./600)); math.Abs(dry[k]/of[k]-want) > 3*se {
			t.Errorf("station %d: %.3f of the draws are dry, expected %.3f ± %.3f", k, dry[k]/of[k], want, se)
		}
	}
	e, err := m.Evaluate(context.Background(), file, Options{}, 1)
	if err != nil || e.NLL == nil || len(e.Warnings) > 0 {
		t.Errorf("eval: %+v, %v", e, err)
	}
	a, err := m.Anomalies(context.Background(), file, "", AnomalyOptions{FalseAlarm: 0.01})
	if err != nil || a.Flagged > 200 {
		t.Errorf("anomalies: %+v, %v", a, err)
	}
}
