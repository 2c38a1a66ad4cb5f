package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"normflow/flowlib/backend"
	"normflow/flowlib/fit"
	"normflow/flowlib/flow"
	"normflow/flowlib/imagefit"
	"normflow/flowlib/imageflow"
	"normflow/flowlib/imageset"
	"normflow/internal/memory"
	"normflow/internal/numbers"
	"normflow/internal/origin"
)

// imagesSpeed is how fast models of the same size train or draw, in turns.
type imagesSpeed struct {
	Task  string  `json:"task"`  // train or sample
	Batch int     `json:"batch"` // pictures of a step, or drawn at once
	Lib   string  `json:"lib"`   // that ours is compared with
	Ours  float64 `json:"pictures_per_second"`
	Other float64 `json:"pictures_per_second_of_lib"`
	Ratio float64 `json:"ratio"` // median of the rounds', ours to the other's
	Low   float64 `json:"ratio_low"`
	High  float64 `json:"ratio_high"`
	Reps  int     `json:"rounds"`

	Parameters  int     `json:"params"`
	Others      int     `json:"params_of_lib"`
	Memory      float64 `json:"rss_mb"` // MiB at most up to here: all of ours are measured by one process
	OtherMemory float64 `json:"rss_mb_of_lib"`

	Backend string `json:"backend"`
	Version string `json:"version"`
	origin.Origin
}

func (r imagesSpeed) String() string {
	return fmt.Sprintf("%-6s batches of %4d: %6.0f pictures a second, %s %6.0f: %.2f times (%.2f to %.2f)", r.Task, r.Batch, r.Ours, r.Lib, r.Other, r.Ratio, r.Low, r.High)
}

// peerLine is what scripts/peers/images.py prints.
type peerLine struct {
	Version    string  `json:"version"`
	Parameters int     `json:"params"`
	CPU        float64 `json:"cpu_seconds"`
	PerDim     float64 `json:"bits_per_dim"`
	StdErr     float64 `json:"standard_error"`
	Draws      int     `json:"draws"`
	Train      int     `json:"train"`
	Test       int     `json:"test"`
	BestStep   int     `json:"best_step"`
	PerSecond  float64 `json:"per_second"`
	Memory     float64 `json:"rss_mb"`
}

// callPeer runs a flow of another library on s.
func (s *imagesSplit) callPeer(ctx context.Context, lib string, args ...any) (line peerLine, err error) {
	folder, err := os.MkdirTemp("", "flow-images-")
	if err != nil {
		return line, err
	}
	defer os.RemoveAll(folder) //nolint:errcheck // a temporary folder
	for name, set := range map[string]*imageset.Set{"train": s.train, "valid": s.valid, "test": s.test} {
		if err := imagefit.WriteDraws(filepath.Join(folder, name+".npy"), set); err != nil {
			return line, err
		}
	}
	script := "scripts/peers/images.py"
	if lib == "jax" {
		script = "scripts/peers/images_jax.py"
	}
	var stderr bytes.Buffer
	command := exec.CommandContext(ctx, s.python, script, "--lib", lib, "--data", folder, "--levels", fmt.Sprint(s.train.Levels), "--seed", fmt.Sprint(s.seed))
	for _, a := range args {
		command.Args = append(command.Args, fmt.Sprint(a))
	}
	command.Stderr = &stderr
	out, err := command.Output()
	if err == nil {
		err = json.Unmarshal(out, &line)
	}
	if err != nil {
		err = fmt.Errorf("%v: %w\n%s", command.Args, err, stderr.Bytes())
	}
	return line, err
}

// peer gives a flow of another library the processor time that ours took.
func (s *imagesSplit) peer(ctx context.Context, lib string) (imagesRow, error) {
	if s.cpu == 0 {
		return imagesRow{}, fmt.Errorf("--parts: peers get the processor time of the flow, which is not asked for: add flow")
	}
	line, err := s.callPeer(ctx, lib, "--seconds", s.cpu, "--threads", 1) // a second thread costs more processor time than it saves
	if err == nil && line.Test != s.test.Len() {
		err = fmt.Errorf("%s judged %d digits, expected %d", lib, line.Test, s.test.Len())
	}
	return imagesRow{
		Data: s.data, Model: lib, Bits: imageflow.Bits{PerDim: line.PerDim, StdErr: line.StdErr, Draws: line.Draws}, Train: line.Train, Test: line.Test,
		CPU: line.CPU, Parameters: line.Parameters, BestStep: line.BestStep, Version: line.Version,
	}, err
}

// imagesSpeeds are what is timed.
var imagesSpeeds = []struct {
	task  string
	batch int
}{{"train", 64}, {"train", 256}, {"sample", 4096}}

// speeds times our flow and those of the other libraries in turns.
func (r *imagesRun) speeds(ctx context.Context, s *imagesSplit) error {
	if r.python == "" {
		return nil
	}
	for _, what := range imagesSpeeds {
		rows := []*imagesSpeed{{Lib: "normflows"}, {Lib: "nflows"}, {Lib: "jax"}}
		perSecond, m, err := s.speed(what.task, what.batch, r.reps)
		if err != nil {
			return err
		}
		var ours []float64
		others := make([][]float64, len(rows))
		for range r.reps {
			mine, err := perSecond()
			if err != nil {
				return err
			}
			ours = append(ours, mine)
			for i, row := range rows {
				line, err := s.callPeer(ctx, row.Lib, "--speed", what.task, "--batch", what.batch, "--seconds", r.secs, "--threads", runtime.NumCPU())
				if err != nil {
					return err
				}
				others[i] = append(others[i], line.PerSecond)
				row.Parameters, row.Backend, row.Others, row.Version = m.NumParameters(), m.Backend().Name(), line.Parameters, line.Version
				row.Memory, row.OtherMemory = float64(memory.Peak())/(1<<20), max(row.OtherMemory, line.Memory)
			}
		}
		for i, row := range rows {
			var ratios []float64
			for rep, other := range others[i] {
				ratios = append(ratios, ours[rep]/other)
			}
			row.Task, row.Batch, row.Reps, row.Origin = what.task, what.batch, r.reps, r.from
			row.Ratio, row.Low, row.High = numbers.Median(ratios), slices.Min(ratios), slices.Max(ratios)
			row.Ours, row.Other = numbers.Median(ours), numbers.Median(others[i])
			if err := r.add(*row); err != nil {
				return err
			}
		}
	}
	return nil
}

// speed returns what times our flow, compiled: it returns how many pictures a second it
// trains on or draws.
func (s *imagesSplit) speed(task string, batch, reps int) (perSecond func() (float64, error), m *flow.Model, err error) {
	b, err := backend.Open("")
	if err != nil {
		return nil, nil, err
	}
	c := s.config()
	if m, err = c.NewModel(b); err != nil {
		return nil, nil, err
	}
	times, work := 8, func() error {
		_, _, err := c.Draw(m, flow.Sampling{Count: batch, Seed: s.seed})
		return err
	}
	if task == "train" {
		const together = 20 // steps
		training := imageflow.Training(s.seed)
		times = 4
		training.Steps, training.BatchSize, training.EvalEvery, training.WarmUp = together*((times+1)*reps+1), batch, together, 0
		stepper, err := fit.NewStepper(m, s.train.Dequantized(20, 0, s.seed), training)
		if err != nil {
			return nil, nil, err
		}
		batch *= together
		work = func() error {
			_, err := stepper.Advance(together)
			return err
		}
	}
	return func() (float64, error) {
		if err := work(); err != nil { // a warm-up, as the other libraries have
			return 0, err
		}
		start := time.Now()
		for range times {
			if err := work(); err != nil {
				return 0, err
			}
		}
		return float64(times*batch) / time.Since(start).Seconds(), nil
	}, m, work()
}
