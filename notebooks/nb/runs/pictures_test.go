package runs

import (
	"math"
	"testing"

	"normflow/flowlib/experiment"
	"normflow/notebooks/nb"
)

// small keeps a test's training to a moment, on the pure-Go backend.
func small(t *testing.T) experiment.Config {
	t.Helper()
	t.Setenv("GOMLX_BACKEND", "go")
	t.Setenv("FLOW_RUNS", t.TempDir())
	t.Setenv("FLOW_STEPS", "2")
	cfg := Experiment("moons10", 3, 0)
	cfg.Train, cfg.Valid, cfg.Test = 300, 50, 50
	return cfg
}

func TestPanelsOfARun(t *testing.T) {
	r := Train(small(t))
	if c := Curves(r, "moons"); c.Limit.Value != -r.Entropy || c.Validation[0][1] != -r.Fit.Curve[0].Valid {
		t.Errorf("curve: %+v", c)
	}
	forward := ForwardStages(r.Model, nb.Latents(1, 5))
	if len(forward) != 4 || !forward[0].Latent || forward[3].Name != "data x" {
		t.Errorf("%d stages forward, the last is %q", len(forward), forward[len(forward)-1].Name)
	}
	inverse, latents := InverseStages(r.Model, r.Data.Test[:5])
	if len(inverse) != 4 || !inverse[3].Latent || len(latents) != 5 {
		t.Errorf("%d stages back, %d latents", len(inverse), len(latents))
	}
	// Data x in standardized units is the last stage forward and the first back.
	again := ForwardStages(r.Model, latents)
	if diff := math.Abs(again[3].Points[0][0] - inverse[0].Points[0][0]); !(diff < 1e-4) {
		t.Errorf("there and back differs by %g", diff)
	}
	if d := LearnedDensity(r, "learned"); len(d.Values) != 200 || d.XMin != r.Density.Box[0][0] {
		t.Errorf("density panel of %d rows from %g", len(d.Values), d.XMin)
	}
	// Nothing is untouched by a random flow, and the grid keeps its size.
	grid := Grid(RandomFlow(2, 1))
	if len(grid) != 3 || len(grid[0].Horizontal) != 17 || grid[2].Vertical[3][4][1] == grid[0].Vertical[3][4][1] {
		t.Error("the grid is not warped")
	}
}
