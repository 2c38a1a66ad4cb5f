package runs

import (
	"encoding/json"
	"flag"
	"math"
	"os"
	"path/filepath"
	"testing"

	"normflow/flowlib/bijector/bijectortest"
	"normflow/flowlib/dataset"
	"normflow/flowlib/eval"
	"normflow/flowlib/experiment"
	"normflow/flowlib/flow"
)

var update = flag.Bool("update", false, "rewrite the flows that the page's test plays with")

// playerFixture is what the browser's test reads, see scripts/tests/test_player.py.
const playerFixture = "../../../scripts/tests/fixtures/player"

// wild is a flow with random weights as a finished run.
func wild(t *testing.T, data string, layers int) *experiment.Result {
	t.Helper()
	d, err := dataset.ByName(data)
	if err != nil {
		t.Fatal(err)
	}
	r := &experiment.Result{Density: d, Data: d.Draw(1, 1000, 2, 1000)}
	cfg := flow.RealNVP(2)
	cfg.Layers, cfg.Hidden = layers, []int{12, 12}
	if cfg.Scaler, err = dataset.NewStandardizer(r.Data.Train); err != nil {
		t.Fatal(err)
	}
	if r.Model, err = cfg.NewModel(Backend()); err != nil {
		t.Fatal(err)
	}
	bijectortest.Randomize(r.Model.Store(), 0.35, int64(layers))
	r.Config = experiment.Config{Data: data, Flow: cfg}
	r.Parameters, r.KL = r.Model.NumParameters(), eval.Estimate{Mean: 0.5, SE: 0.01}
	return r
}

// The page is compared with what Go said of the same flows when the fixture was made;
// here Go says it again.
func TestPlayerFixtureIsUpToDate(t *testing.T) {
	t.Setenv("GOMLX_BACKEND", "go")
	dir := t.TempDir()
	if *update {
		dir = playerFixture
	}
	t.Setenv("FLOW_RESULTS", dir)
	keepPlayer([]*experiment.Result{wild(t, "moons05", 2), wild(t, "moons05", 8), wild(t, "checkerboard", 3)})
	if *update {
		return
	}
	for _, name := range []string{"player.json", "player-points.json"} {
		var got, want any
		for path, v := range map[string]*any{filepath.Join(dir, name): &got, filepath.Join(playerFixture, name): &want} {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(text, v); err != nil {
				t.Fatalf("%s: %v", path, err)
			}
		}
		if !alike(got, want) {
			t.Errorf("%s differs from what Go says now: go test ./notebooks/nb -run PlayerFixture -update", name)
		}
	}
}

// alike compares values of JSON, numbers to nine digits: processors round differently.
func alike(got, want any) bool {
	switch want := want.(type) {
	case float64:
		v, ok := got.(float64)
		return ok && math.Abs(v-want) <= 1e-9*max(1, math.Abs(want))
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			return false
		}
		for i := range want {
			if !alike(list[i], want[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		m, ok := got.(map[string]any)
		if !ok || len(m) != len(want) {
			return false
		}
		for key := range want {
			if !alike(m[key], want[key]) {
				return false
			}
		}
		return true
	}
	return got == want
}

func TestPlayerKeepsBothDensities(t *testing.T) {
	small(t)
	t.Setenv("FLOW_STEPS", "1")
	dir := t.TempDir()
	t.Setenv("FLOW_RESULTS", dir)
	Player([]SweepRow{{Layers: 2, median: wild(t, "moons05", 2)}}, "checkerboard")
	text, err := os.ReadFile(filepath.Join(dir, "player.json"))
	if err != nil {
		t.Fatal(err)
	}
	var page struct {
		Flows []struct {
			Data      string
			Layers    int
			Couplings []struct{ X []float64 }
		}
		Events map[string][]float64
	}
	if err := json.Unmarshal(text, &page); err != nil {
		t.Fatal(err)
	}
	if len(page.Flows) != 2 || page.Flows[1].Data != "checkerboard" || len(page.Flows[1].Couplings) != 2 || len(page.Events["moons05"]) != 2*playerEvents {
		t.Errorf("got %d flows, %d numbers of events", len(page.Flows), len(page.Events["moons05"]))
	}
}
