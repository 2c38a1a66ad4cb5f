package onnx_test

import (
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/janpfeifer/must"

	"normflow/flowlib/columns"
	"normflow/flowlib/dataset"
	"normflow/flowlib/density"
	"normflow/flowlib/flow"
)

// The maps of columns are undone as package columns does, far out too, and the rows drawn so
// have the density that the model says.
func TestMapsBack(t *testing.T) {
	python := tool(t, "onnx", "bin", "python")
	maps := columns.Map{
		{Kind: columns.Positive, Low: -1, Softness: 2},
		{Kind: columns.Positive, Low: 3},
		{Kind: columns.Positive, Mirrored: true, Softness: 1e-3},
		{Kind: columns.Positive, Softness: 5, Center: 0.25, Scale: 2, Freedom: 3},
		{Kind: columns.Bounded, Low: -9, High: 7},
		{Kind: columns.Periodic, High: 24, Cut: 3},
		{Kind: columns.Tails, Center: 5, Scale: 2, Freedom: 0.7},
		{Kind: columns.Tails, Scale: 1e-3, Freedom: 60},
		{},
	}
	c := flow.Gaussian(len(maps))
	const wide = 3 // standard deviations of what is mapped back
	c.Scaler = &dataset.Standardizer{Mean: make([]float64, len(maps)), Std: slices.Repeat([]float64{wide}, len(maps))}
	e := example{mixed: must.M1(flow.NewMixture(maps, []flow.Member{{Weight: 1, Saved: savedOf(t, c)}})), rows: [][]float64{make([]float64, len(maps))}}
	dir := t.TempDir()
	e.write(t, filepath.Join(dir, "0"))
	if out, err := exec.Command(python, "../../scripts/onnx/check.py", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	in, got := readArrays(t, filepath.Join(dir, "0", "in.npz")), readArrays(t, filepath.Join(dir, "0", "out.npz"))
	for i, z := range in["z"] {
		for d, c := range maps {
			// Relative to the distance from where floats are dense: an edge, or the center.
			want := c.Inverse(wide*z[d]) - c.Low - c.Center
			if x := got["drawn"][i][d] - c.Low - c.Center; !(difference(1e9*x, 1e9*want) < 1e-6) {
				t.Fatalf("column %d: %g is mapped back to %g, by package columns to %g", d, wide*z[d], x, want)
			}
		}
	}
	for i, want := range must.M1(density.LogProb(e.engine(t), got["drawn"])) {
		if lp := got["drawn_log_prob"][i][0]; !near(lp, want, 1e-5) {
			t.Errorf("row %v: %g, the model says %g", got["drawn"][i], lp, want)
		}
	}
}
