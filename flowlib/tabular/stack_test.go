package tabular

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"normflow/flowlib/density"
	"normflow/flowlib/fit"
)

// ofTable returns the log-densities of rows under the model that Fit makes of others by
// itself, in few steps.
func ofTable(t *testing.T, columns []string, rows, fresh [][]float64, change func(c *FitConfig)) (m *Model, r *Record, logProb []float64) {
	t.Helper()
	dir, r, _, err := fitTo(t, columns, rows, func(c *FitConfig) {
		c.Model, c.Layers = "", 0
		if change != nil {
			change(c)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	m = open(t, dir, "auto")
	if logProb, err = density.LogProb(m, fresh); err != nil {
		t.Fatal(err)
	}
	return m, r, logProb
}

// Each row is judged once, by what was fitted to all others, and copies of a row stay
// with it.
func TestParts(t *testing.T) {
	const nTrain, nValid, each = 43, 9, 3
	j := &job{data: &data{features: []string{"row", "copy"}}, fit: fit.Config{Engine: fit.EngineFast}}
	d := j.data
	row := func(i int, copy int) []float64 { return []float64{float64(i), float64(copy)} }
	for i := range nTrain + nValid {
		if i < nTrain {
			d.raw.Train, d.trainLogDet = append(d.raw.Train, row(i, 0)), append(d.trainLogDet, float64(i))
		} else {
			d.raw.Valid, d.validLogDet = append(d.raw.Valid, row(i, 0)), append(d.validLogDet, float64(i))
		}
	}
	for copy := range each {
		for i := range nTrain {
			d.mapped.Train = append(d.mapped.Train, row(i, copy))
		}
		for i := range nValid {
			d.mapped.Valid = append(d.mapped.Valid, row(nTrain+i, copy))
		}
	}
	d.raw.Test = [][]float64{{0, 0}}

	parts, logDet := j.parts()
	if len(parts) != numFolds || len(logDet) != nTrain+nValid {
		t.Fatalf("%d parts of %d rows", len(parts), len(logDet))
	}
	var judged []int
	for k, p := range parts {
		judged = append(judged, p.judged...)
		fold := map[float64]bool{}
		for _, at := range p.judged {
			fold[float64(at)] = true
		}
		if p.rows+len(p.judged) != nTrain+nValid || len(p.train) != each*p.rows || len(p.valid) != each*len(p.judged) {
			t.Errorf("part %d has %d rows, %d with copies; %d to judge, %d with copies", k, p.rows, len(p.train), len(p.judged), len(p.valid))
		}
		for i, at := range p.judged {
			if p.valid[i][0] != float64(at) || p.valid[i][1] != 0 || logDet[at] != float64(at) {
				t.Errorf("part %d: at place %d stands %v, expected row %d", k, i, p.valid[i], at)
			}
		}
		for i, r := range p.train {
			if fold[r[0]] || (r[1] == 0) != (i < p.rows) {
				t.Errorf("part %d: to train on, at place %d: %v", k, i, r)
			}
		}
		for _, r := range p.valid {
			if !fold[r[0]] {
				t.Errorf("part %d judges a copy of row %g, which it does not have", k, r[0])
			}
		}
	}
	slices.Sort(judged)
	for i, at := range judged {
		if at != i {
			t.Fatalf("judged are %v", judged)
		}
	}

	d.raw.Test = nil // the validation rows are then what anomalies are compared with
	parts, logDet = j.parts()
	if len(parts) != 1 || parts[0].rows != nTrain || len(parts[0].judged) != nValid || logDet[0] != nTrain {
		t.Errorf("without a test: %+v, %v", parts, logDet)
	}
}

// Of rows from a Gaussian the model is worth what the Gaussian of their covariance is.
func TestStackOfAGaussian(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	draw := func(n int) (rows [][]float64) {
		for range n {
			a, b, c := rng.NormFloat64(), rng.NormFloat64(), rng.NormFloat64()
			rows = append(rows, []float64{10 + 2*a, 0.95*a + 0.3*b, -3 - 0.6*b + 0.4*c})
		}
		return rows
	}
	rows, fresh := draw(300), draw(2000)
	flat := mat.NewDense(len(rows), 3, slices.Concat(rows...))
	var covariance mat.SymDense
	stat.CovarianceMatrix(&covariance, flat, nil)
	var factor mat.Cholesky
	factor.Factorize(&covariance)
	mean := mat.NewVecDense(3, nil)
	for k := range 3 {
		mean.SetVec(k, stat.Mean(mat.Col(nil, k, flat), nil))
	}
	sample := func(row []float64) float64 {
		var away, solved mat.VecDense
		away.SubVec(mat.NewVecDense(3, row), mean)
		if err := factor.SolveVecTo(&solved, &away); err != nil {
			t.Fatal(err)
		}
		return -0.5 * (mat.Dot(&away, &solved) + factor.LogDet() + 3*math.Log(2*math.Pi))
	}
	_, r, got := ofTable(t, []string{"a", "b", "c"}, rows, fresh, nil)
	loss := 0.0
	for i, row := range fresh {
		loss += (sample(row) - got[i]) / float64(len(fresh))
	}
	if !(loss < 0.1) {
		t.Errorf("the model is %.3f nats worse than the Gaussian of the rows: %+v", loss, r.Compared)
	}
}

// Rows that were set aside before the fit have a density all the same, by the wide one.
func TestStackCatchesOutliers(t *testing.T) {
	rows := gaussian(7, 600, 2)
	var far [][]float64
	for i := 100; i < 600; i += 100 {
		rows[i][1] = -3e6
		far = append(far, rows[i])
	}
	_, r, logProb := ofTable(t, []string{"a", "b"}, rows, far, func(c *FitConfig) { c.Kinds = kinds("b", "continuous") })
	if r.Source.Outliers != len(far) {
		t.Errorf("%d rows were set aside, expected %d", r.Source.Outliers, len(far))
	}
	for i, lp := range logProb {
		if math.IsInf(lp, 0) || math.IsNaN(lp) {
			t.Errorf("outlier %d has log-density %g: %+v", i, lp, r.Compared)
		}
	}
	at := slices.IndexFunc(r.Compared, func(c Compared) bool { return c.Name == "wide" })
	if at < 0 || !(r.Compared[at].Weight > 0) {
		t.Errorf("the wide density has no part: %+v", r.Compared)
	}
}

// ending ends after so many questions whether it has.
type ending struct {
	context.Context
	left int
}

func (e *ending) Err() error {
	if e.left--; e.left < 0 {
		return context.Canceled
	}
	return nil
}

// A fit that is interrupted during the folds, at any place, says so in a line and leaves
// nothing.
func TestInterruptedFolds(t *testing.T) {
	file := write(t, "moons.csv", []string{"a", "b"}, moons(1, 300))
	c := DefaultFit()
	c.Steps = 40
	for _, after := range []int{0, 7, 16, 18} {
		dir := t.TempDir()
		_, err := Fit(&ending{context.Background(), after}, file, filepath.Join(dir, "m"), c, Progress{})
		var stopped *InterruptedError
		if !errors.As(err, &stopped) || stopped.Checkpoint != "" || !errors.Is(err, context.Canceled) || !strings.HasPrefix(err.Error(), "fit: stopped ") || strings.Contains(err.Error(), "\n") {
			t.Errorf("after %d: %v", after, err)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("after %d: %v is left, %v", after, left, err)
		}
	}
}

// Where no rows are left for the test there are no folds, and each flow that is trained
// keeps a checkpoint until all are: two of a table, two more of another pattern of atoms.
func TestCheckpoints(t *testing.T) {
	atoms, _ := rain(1, 900)
	for _, tt := range []struct {
		name  string
		rows  [][]float64
		flows int
	}{{"moons", moons(1, 300), 2}, {"atoms", atoms, 4}} {
		t.Run(tt.name, func(t *testing.T) {
			file := write(t, "t.csv", []string{"a", "b"}, tt.rows)
			c := DefaultFit()
			c.Test, c.Steps = 0, 60
			whole := filepath.Join(t.TempDir(), "whole")
			r, err := Fit(context.Background(), file, whole, c, Progress{})
			if err != nil {
				t.Fatal(err)
			}
			if r.Folds != 0 || r.Test != nil || r.Calibration.Part != "valid" || tt.flows == 2 && len(r.Compared) != 5 {
				t.Errorf("got %+v", r)
			}
			onlyThe(t, whole)
			sum := open(t, whole, "auto").Saved.WeightsSHA256
			for flow := range tt.flows {
				dir := filepath.Join(t.TempDir(), "m")
				ctx, cancel := context.WithCancel(context.Background())
				last, flows := math.MaxInt, -1
				_, err := Fit(ctx, file, dir, c, Progress{Step: func(p fit.Point, _ fit.Config) {
					if p.Step <= last {
						flows++
					}
					if last = p.Step; flows == flow {
						cancel()
					}
				}})
				var stopped *InterruptedError
				if !errors.As(err, &stopped) || stopped.Checkpoint != dir+".checkpoint" {
					t.Fatalf("flow %d: %v", flow, err)
				}
				want := []string{CheckpointOf(dir)}
				for k := 1; k <= flow; k++ {
					want = append(want, fmt.Sprintf("%s.%d", CheckpointOf(dir), k+1))
				}
				onlyThe(t, want...)
				if tt.name == "moons" && flow == 1 {
					damaged(t, file, dir, c)
				}
				more := c
				more.Resume = true
				if _, err := Fit(context.Background(), file, dir, more, Progress{}); err != nil {
					t.Fatal(err)
				}
				if got := open(t, dir, "auto").Saved.WeightsSHA256; got != sum {
					t.Errorf("flow %d: resumed, it ends with other weights", flow)
				}
				onlyThe(t, dir)
			}
		})
	}
}

// onlyThe checks that a folder holds the given files or folders, and no others.
func onlyThe(t *testing.T, want ...string) {
	t.Helper()
	var left []string
	folder := filepath.Dir(want[0])
	entries, err := os.ReadDir(folder)
	for _, e := range entries {
		left = append(left, filepath.Join(folder, e.Name()))
	}
	if err != nil || !slices.Equal(left, want) {
		t.Errorf("left is %v, expected %v, %v", left, want, err)
	}
}

// damaged resumes from checkpoints that are not those of the fit: nothing is made of them,
// and they stay.
func damaged(t *testing.T, file, dir string, c FitConfig) {
	t.Helper()
	c.Resume = true
	second := dir + ".checkpoint.2"
	content, err := os.ReadFile(second)
	if err != nil {
		t.Fatal(err)
	}
	more, folded := c, c
	more.Steps++
	folded.Test = 0.1
	for _, tt := range []struct {
		name    string
		content []byte
		config  FitConfig
		want    string
	}{
		{"cut off", content[:len(content)-9], c, "checkpoint.2 cannot be resumed"},
		{"another's", []byte("precious"), c, "checkpoint.2: is no checkpoint of a fit"},
		{"other options", content, more, "belongs to another run"},
		{"folds", content, folded, "checkpoint: is of another fit"},
	} {
		if err := os.WriteFile(second, tt.content, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Fit(context.Background(), file, dir, tt.config, Progress{}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want an error with %q", tt.name, err, tt.want)
		}
		if _, err := Open(dir, "auto"); err == nil {
			t.Errorf("%s: there is a model", tt.name)
		}
		if got, err := os.ReadFile(second); err != nil || string(got) != string(tt.content) {
			t.Errorf("%s: the checkpoint was changed, %v", tt.name, err)
		}
	}
	if err := os.WriteFile(second, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Fit(context.Background(), second, dir, c, Progress{}); err == nil || !strings.Contains(err.Error(), "is the file to read") {
		t.Errorf("a checkpoint as the table: %v", err)
	}
}
