package experiment_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/experiment"
	"normflow/flowlib/fit"
	"normflow/flowlib/flow"
)

func smallConfig() experiment.Config {
	cfg := experiment.DefaultConfig(flow.RealNVP(2), "moons10", 1)
	cfg.Train, cfg.Valid, cfg.Test = 400, 100, 200
	cfg.Flow.Layers, cfg.Flow.Hidden = 2, []int{8}
	cfg.Fit.Steps, cfg.Fit.BatchSize, cfg.Fit.EvalEvery = 40, 32, 20
	return cfg
}

func TestRunIsKeptAndHandedBack(t *testing.T) {
	b, root := backendtest.Open(t), t.TempDir()
	steps := 0
	count := func(fit.Point, fit.Config) { steps++ }
	first, err := experiment.Run(context.Background(), b, root, smallConfig(), count)
	if err != nil {
		t.Fatal(err)
	}
	again, err := experiment.Run(context.Background(), b, root, smallConfig(), count)
	if err != nil {
		t.Fatal(err)
	}
	if steps != 2 || !reflect.DeepEqual(first.Summary, again.Summary) {
		t.Errorf("%d points of the curve, want 2; summaries:\n%+v\n%+v", steps, first.Summary, again.Summary)
	}
	want, err := first.Model.LogProb(first.Data.Test[:5])
	if err != nil {
		t.Fatal(err)
	}
	if got, err := again.Model.LogProb(again.Data.Test[:5]); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("the kept model gives %v, the fresh one %v, %v", got, want, err)
	}
	other := smallConfig()
	other.Flow.Layers = 3
	third, err := experiment.Run(context.Background(), b, root, other, nil)
	if err != nil || third.Dir == first.Dir || third.Parameters == first.Parameters {
		t.Errorf("another Config was handed the same run: %v, %v", third, err)
	}
}

func TestInterruptedRunGoesOn(t *testing.T) {
	b, root := backendtest.Open(t), t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	_, err := experiment.Run(ctx, b, root, smallConfig(), func(p fit.Point, _ fit.Config) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	steps := 0
	resumed, err := experiment.Run(context.Background(), b, root, smallConfig(), func(fit.Point, fit.Config) { steps++ })
	if err != nil || steps != 1 {
		t.Fatalf("%d points after resuming, want 1, %v", steps, err)
	}
	whole, err := experiment.Run(context.Background(), b, t.TempDir(), smallConfig(), nil)
	if err != nil || !reflect.DeepEqual(whole.Fit.Curve, resumed.Fit.Curve) || whole.KL != resumed.KL {
		t.Errorf("resumed: %+v\nwhole: %+v\n%v", resumed.Summary, whole.Summary, err)
	}
}

func TestErrorsNameTheRun(t *testing.T) {
	b, root := backendtest.Open(t), t.TempDir()
	bad := smallConfig()
	bad.Data = "sun"
	if _, err := experiment.Run(context.Background(), b, root, bad, nil); err == nil || !strings.Contains(err.Error(), `there is no density "sun"`) {
		t.Errorf("got %v", err)
	}
	for want, change := range map[string]func(*experiment.Config){
		"the flow has 3 features":        func(c *experiment.Config) { c.Flow.Features = 3 },
		"features and 1 columns of cont": func(c *experiment.Config) { c.Flow.Context = 1 },
	} {
		bad := smallConfig()
		change(&bad)
		if _, err := experiment.Run(context.Background(), b, root, bad, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
	if left, err := os.ReadDir(root); err != nil || len(left) != 0 {
		t.Errorf("refused runs left %v, %v", left, err)
	}
	r, err := experiment.Run(context.Background(), b, root, smallConfig(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(r.Dir, "summary.json"), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := experiment.Run(context.Background(), b, root, smallConfig(), nil); err == nil || !strings.Contains(err.Error(), r.Dir) {
		t.Errorf("damaged summary: got %v", err)
	}
}
