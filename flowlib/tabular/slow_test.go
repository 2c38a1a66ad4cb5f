package tabular

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"gonum.org/v1/gonum/stat"

	"normflow/flowlib/dataset"
)

// The defaults choose well: fitted to 20,000 rows of each toy density, with nothing
// set, a model is within 0.02 nats of the truth, 0.05 of those with edges and arms.
// It takes minutes: FLOW_SLOW=1 go test -run Defaults -v ./flowlib/tabular
func TestDefaultsOnToyDensities(t *testing.T) {
	if os.Getenv("FLOW_SLOW") == "" {
		t.Skip("takes minutes: set FLOW_SLOW=1")
	}
	for _, d := range dataset.Densities() {
		t.Run(d.Name, func(t *testing.T) {
			file := write(t, "t.csv", []string{"x", "y"}, d.Sample(1, 20000))
			dir := filepath.Join(t.TempDir(), "model")
			start := time.Now()
			r, err := Fit(context.Background(), file, dir, DefaultFit(), Progress{})
			if err != nil {
				t.Fatal(err)
			}
			seconds := time.Since(start).Seconds()
			fresh := d.Sample(2, 50000)
			diff, logProb := d.LogProb(fresh), make([]float64, len(fresh))
			if err := open(t, dir, "auto").LogProb(logProb, slices.Concat(fresh...)); err != nil {
				t.Fatal(err)
			}
			for i := range diff {
				diff[i] -= logProb[i]
			}
			kl, std := stat.MeanStdDev(diff, nil)
			se := stat.StdErr(std, float64(len(diff)))
			t.Logf("KL %.4f ± %.4f in %.1f s on %s, best at step %d of %d", kl, se, seconds, r.Engine, r.Result.BestStep, r.Fit.Steps)
			limit := 0.02
			if d.Name == "checkerboard" || d.Name == "spirals" {
				limit = 0.05
			}
			if !(kl <= limit) || !(kl > -3*se) {
				t.Errorf("KL %.4f, want at most %g", kl, limit)
			}
		})
	}
}
