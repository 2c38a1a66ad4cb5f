package tabular

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"
)

// events are starts within an hour and ends about 30 s later, of which the first are
// late by half a minute or more, from a moment on; seconds to the millisecond.
func events(seed int64, n, late int, moment float64) [][]float64 {
	rng := rand.New(rand.NewPCG(uint64(seed), 0))
	rows := make([][]float64, n)
	for i := range rows {
		start, took := 3600*rng.Float64(), math.Abs(30+5*rng.NormFloat64())
		isLate := 0.0
		if i < late {
			took, isLate = 60+30*rng.Float64(), 1
		}
		start = math.Round(1000*start) / 1000
		rows[i] = []float64{moment + start, moment + start + math.Round(1000*took)/1000, isLate}
	}
	return rows
}

// Whenever the hour was, it is the same table: of NLL ln 3600 + ln 5 + (1 + ln 2π)/2 =
// 11.22, on which late events stand out.
func TestAnyMoment(t *testing.T) {
	if testing.Short() {
		t.Skip("many rows, and no more threads than in other tests")
	}
	want := math.Log(3600) + math.Log(5) + (1+math.Log(2*math.Pi))/2
	columns := []string{"start", "end", "late"}
	var first NLL
	for i, moment := range []float64{-1000, 9e8, 1e12} { // at 0 the times would have an edge
		t.Run(fmt.Sprint(moment), func(t *testing.T) {
			c := DefaultFit()
			c.Model, c.Steps, c.Exclude = "realnvp", 1500, columns[2:]
			dir := filepath.Join(t.TempDir(), "model")
			file := write(t, "hour.csv", columns, events(1, 4000, 0, moment))
			if _, err := Fit(context.Background(), file, dir, c, Progress{}); err != nil {
				t.Fatal(err)
			}
			in := write(t, "new.csv", columns, events(2, 1100, 100, moment))
			out := filepath.Join(t.TempDir(), "out.csv")
			m := open(t, dir, "auto")
			a, err := m.Anomalies(context.Background(), in, "", AnomalyOptions{FalseAlarm: 0.01, Labels: "late"})
			if err != nil {
				t.Fatal(err)
			}
			normal := write(t, "normal.csv", columns, events(3, 4000, 0, moment))
			seen, err := m.Score(context.Background(), normal, out, Options{})
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("AUROC %.4f, NLL %v", a.Labels.AUROC, seen.NLL)
			if !(a.Labels.AUROC >= 0.999) {
				t.Errorf("AUROC %g", a.Labels.AUROC)
			}
			if !(seen.NLL.Mean >= want-4*seen.NLL.SE && seen.NLL.Mean <= want+0.15) {
				t.Errorf("NLL %v, the entropy is %.4f", seen.NLL, want)
			}
			if i == 0 {
				first = *seen.NLL
			}
			// The last digit of a row, after 1,500 chaotic steps, stops the fit elsewhere: two
			// fits differ by what rows differ by. (Standard errors are .0135: 3 of both are .057.)
			if off := math.Abs(seen.NLL.Mean - first.Mean); !(off <= 3*math.Hypot(seen.NLL.SE, first.SE)) {
				t.Errorf("NLL %v, around 0 it is %v", seen.NLL, first)
			}
			different := map[float64]bool{}
			for _, row := range readAll(t, out).Rows {
				different[row[0]] = true
			}
			if len(different) < 3900 { // log_prob has seven digits
				t.Errorf("4000 different rows have %d different log-densities", len(different))
			}
			for _, engine := range []string{"auto", "go"} {
				if _, err := open(t, dir, engine).Sample(context.Background(), out, SampleConfig{Count: 2000, Temperature: 1}); err != nil {
					t.Fatal(err)
				}
				draws := readAll(t, out).Rows
				moments, took := map[float64]bool{}, make([][]float64, len(draws))
				for i, row := range draws {
					moments[row[0]] = true
					took[i] = []float64{row[1] - row[0]}
				}
				if s := axis(took, 0); !(math.Abs(s.mean-30) <= 1) || !(s.std >= 3 && s.std <= 8) {
					t.Errorf("%s: draws take %.2f ± %.2f s, want 30 ± 5", engine, s.mean, s.std)
				}
				if len(moments) < 1990 {
					t.Errorf("%s: 2000 draws begin at %d moments", engine, len(moments))
				}
			}
		})
	}
}
