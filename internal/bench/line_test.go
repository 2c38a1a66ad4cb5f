package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"normflow/internal/memory"
)

// The line has the keys that all programs share, and its numbers are of the task.
func TestMeasureWritesTheSharedKeys(t *testing.T) {
	data, weights := written(t)
	a := Ask{Engine: "go", Model: "realnvp", Threads: 1, Secs: 0.01, N: 300, Batch: 128, Data: data, Weights: weights}
	for task, keys := range map[string]string{
		LogProb: "batch cold_s cpu_s features lib model n nll nparams rss_mb secs task threads",
		Sample:  "batch cold_s cpu_s features lib model n nll nparams rss_mb secs task threads",
	} {
		a.Task = task
		began := sinceStart().Seconds()
		line, err := Measure(context.Background(), a)
		if err != nil {
			t.Fatal(err)
		}
		peak := float64(memory.Peak())
		if line.Memory > peak/(1<<20) || line.Cold < began {
			t.Errorf("%s: %g MiB and a cold start of %g s, at most %g and at least %g expected", task, line.Memory, line.Cold, peak/(1<<20), began)
		}
		var text bytes.Buffer
		if err := line.WriteJSON(&text); err != nil {
			t.Fatal(err)
		}
		fields := map[string]any{}
		if err := json.Unmarshal(text.Bytes(), &fields); err != nil {
			t.Fatal(err)
		}
		for _, key := range strings.Fields(keys) {
			if _, ok := fields[key]; !ok {
				t.Errorf("%s: no %q in %s", task, key, text.String())
			}
			delete(fields, key)
		}
		if len(fields) > 0 {
			t.Errorf("%s: unknown keys %v", task, fields)
		}
		if line.N%300 != 0 || line.N == 0 || !(line.Secs >= 0.01) || !(line.Cold > 0) || !(line.Memory > 1) {
			t.Errorf("%s: %s", task, text.String())
		}
		if !(line.CPU > 0) || line.CPU > line.Secs+0.05 { // on one thread
			t.Errorf("%s: %g s of CPU time in %g s", task, line.CPU, line.Secs)
		}
		// A new flow is the identity: its draws are unit normal in two dimensions,
		// whose entropy is log 2πe, here the mean of 300 with standard deviation 1.
		if want := math.Log(2 * math.Pi * math.E); task == Sample && !(math.Abs(*line.NLL-want) <= 4/math.Sqrt(300)) {
			t.Errorf("the draws have NLL %g, want about %g", *line.NLL, want)
		}
	}
	ended, end := context.WithCancel(context.Background())
	end()
	if _, err := Measure(ended, a); err == nil || !strings.Contains(err.Error(), "canceled") {
		t.Errorf("after the context ended: got %v", err)
	}
}

func TestWriteTable(t *testing.T) {
	loss := 1.25
	var text bytes.Buffer
	err := WriteTable(&text, []Line{{Lib: "go", Task: Train, Batch: 10, Threads: 2, Steps: 100, Secs: 2, CPU: 4, Cold: 0.5, Memory: 33, Loss: &loss}})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(strings.Fields(strings.Split(text.String(), "\n")[1]), " "); got != "go train 10 2 500 250 0.50 33 1.2500" {
		t.Errorf("got %q", got)
	}
}
