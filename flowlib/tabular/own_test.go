package tabular

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/ml/layers/activation"

	"normflow/flowlib/backend"
	"normflow/flowlib/base"
	"normflow/flowlib/bijector"
	"normflow/flowlib/fit"
	"normflow/flowlib/flow"
)

// A model of one's own, a tree of parts, is as good for tables as one of the zoo: on the
// fast engine where that has its parts, else on a backend.
func TestOwnModelOfATable(t *testing.T) {
	zoo, _ := fitted(t, small())
	saved, err := flow.Read(zoo)
	if err != nil {
		t.Fatal(err)
	}
	b, err := backend.Open("go")
	if err != nil {
		t.Fatal(err)
	}
	coupling := bijector.NewCoupling(bijector.Halves(2, false), bijector.MLP(activation.TypeRelu, 16), bijector.Affine{})
	chain := bijector.Chain{coupling, bijector.Reversal(2), coupling}
	for _, tt := range []struct {
		engine string
		last   bijector.Bijector
	}{{"fast", bijector.NewActNorm(2)}, {"go", bijector.NewElementwise([]float64{0.1, 0}, []float64{1, 2})}} {
		t.Run(tt.engine, func(t *testing.T) {
			settings := saved.Settings()
			own, err := flow.NewModel(b, flow.New(base.NewDiagNormal(2), append(chain[:3:3], tt.last)), settings)
			if err != nil {
				t.Fatal(err)
			}
			training := fit.Config{Steps: 60, BatchSize: 128, LearningRate: 1e-2, EvalEvery: 30}
			if _, err := fit.Run(context.Background(), own, moons(2, 500), moons(3, 200), training, nil); err != nil {
				t.Fatal(err)
			}
			dir := filepath.Join(t.TempDir(), "own")
			if err := own.Save(dir, saved.Training); err != nil {
				t.Fatal(err)
			}
			t.Setenv("GOMLX_BACKEND", "go")
			m := open(t, dir, "auto")
			if m.Engine != tt.engine {
				t.Errorf("on %s", m.Engine)
			}
			ctx, out := context.Background(), filepath.Join(t.TempDir(), "out.csv")
			file := write(t, "new.csv", []string{"b", "a"}, [][]float64{{0.5, 1}, {9, -9}})
			if _, err := m.Score(ctx, file, out, Options{}); err != nil {
				t.Fatal(err)
			}
			want, err := own.LogProb([][]float64{{1, 0.5}, {-9, 9}})
			if err != nil {
				t.Fatal(err)
			}
			for i, row := range readAll(t, out).Rows {
				if !near(row[0], want[i]) {
					t.Errorf("row %d scores %g, expected %g", i, row[0], want[i])
				}
			}
			calibration := write(t, "normal.csv", []string{"a", "b"}, moons(4, 1000))
			a, err := m.Anomalies(ctx, file, out, AnomalyOptions{FalseAlarm: 0.01, Calibration: calibration})
			if err != nil || a.Flagged != 1 || a.Strangest[0].Line != 3 {
				t.Errorf("anomalies %+v, %v", a, err)
			}
			e, err := m.Evaluate(ctx, calibration, Options{}, 1)
			if err != nil || e.Undiagnosed != "" || !(e.NLL.Mean < 3) {
				t.Errorf("evaluated %+v, %v", e, err)
			}
			if n, err := m.Sample(ctx, out, SampleConfig{Seed: 1, Count: 50, Temperature: 1}); err != nil || n != 50 || strings.Join(readAll(t, out).Columns, " ") != "a b" {
				t.Errorf("%d rows of %v, %v", n, readAll(t, out).Columns, err)
			}
			saved, err := m.Saved.Single()
			if err != nil {
				t.Fatal(err)
			}
			if err := saved.Export(filepath.Join(t.TempDir(), "weights.npz")); err != nil {
				t.Error(err)
			}
		})
	}
}
