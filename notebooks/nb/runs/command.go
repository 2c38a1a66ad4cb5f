package runs

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"normflow/flowlib/dataset"
	"normflow/flowlib/eval"
	"normflow/flowlib/experiment"
	"normflow/flowlib/flow"
	"normflow/internal/show"
	"normflow/notebooks/nb"
)

// member is a fit of a sweep, judged on fresh events.
type member struct {
	Folder  string        `json:"folder"` // of its model
	KL      eval.Estimate `json:"kl"`     // nats
	Seconds float64       `json:"seconds"`
}

// sweepOf is 'flow sweep' over seeds 0, 1 and 2 of the flow of an experiment, on a table of
// as many events: three processes, each with its share of the processors. Each number of
// layers is a sweep of its own, so that one more number costs no more than itself.
func (c *command) sweepOf(cfg experiment.Config) (members []member, err error) {
	dir := filepath.Join(filepath.Dir(c.path), fmt.Sprintf("sweep-%s-%d-layers-%d-steps", cfg.Data, cfg.Flow.Layers, cfg.Fit.Steps))
	bar := NewBar(fmt.Sprintf("%s on %s, %s", cfg.Flow.Name(), cfg.Data, counted(cfg.Flow.Layers)))
	done, err := experiment.Once(c.ctx, filepath.Join(dir, "members.json"), &members, func() (err error) {
		if err := c.build(); err != nil {
			return err
		}
		out, table, rows := filepath.Join(dir, "sweep"), filepath.Join(dir, "events.csv"), cfg.Train+cfg.Valid
		if _, err := c.run(nil, "data", "sample", cfg.Data, "-n", fmt.Sprint(rows), "--seed", "1", "-o", table); err != nil {
			return err
		}
		n := 0
		_, err = c.run(func(line string) {
			if strings.HasPrefix(line, "member-") {
				n++
				bar.show(fmt.Sprintf(`%s <progress value="%d" max="3"></progress> %d of 3 seeds`, bar.name, n, n))
			}
		}, "sweep", table, "-o", out, "--models", cfg.Flow.Name(), "--layers", fmt.Sprint(cfg.Flow.Layers), "--seeds", "0,1,2", "--jobs", "3",
			"--engine", "fast", "--steps", fmt.Sprint(cfg.Fit.Steps), "--learning-rates", fmt.Sprint(cfg.Fit.LearningRate), "--valid", fmt.Sprint(float64(cfg.Valid)/float64(rows)), "--test", "0")
		if err != nil {
			return err
		}
		members, err = c.judge(cfg, out)
		return err
	})
	if err == nil && !done {
		bar.End("seeds 0, 1 and 2, %d steps each by the fast engine: %.1f, %.1f and %.1f s", cfg.Fit.Steps, members[0].Seconds, members[1].Seconds, members[2].Seconds)
	}
	return members, err
}

// judge scores fresh events by the members of a sweep.
func (c *command) judge(cfg experiment.Config, dir string) (members []member, err error) {
	text, err := c.run(nil, "sweep", "status", dir, "--json")
	if err != nil {
		return nil, err
	}
	var states []struct {
		Name    string  `json:"name"`
		Seconds float64 `json:"seconds"`
	}
	if err := json.Unmarshal(text, &states); err != nil {
		return nil, err
	}
	d, err := dataset.ByName(cfg.Data)
	if err != nil {
		return nil, err
	}
	test := d.Draw(0, 0, 0, cfg.Test).Test
	for _, s := range states {
		m := member{Folder: filepath.Join(dir, s.Name), Seconds: s.Seconds}
		saved, err := flow.Read(m.Folder)
		if err != nil {
			return nil, err
		}
		scorer, err := saved.Fast()
		if err != nil {
			return nil, err
		}
		if m.KL, err = eval.KL(scorer, d, test); err != nil {
			return nil, err
		}
		members = append(members, m)
	}
	return members, nil
}

// command is the flow command of this source.
type command struct {
	ctx  context.Context
	path string
	made bool
}

// newCommand returns the command as a file in the folder of the runs.
func newCommand(ctx context.Context) (*command, error) {
	root, err := filepath.Abs(experiment.Root())
	return &command{ctx: ctx, path: filepath.Join(root, "flow")}, err
}

// build builds it, which takes a second if nothing has changed.
func (c *command) build() error {
	if c.made {
		return nil
	}
	build := exec.CommandContext(c.ctx, "go", "build", "-ldflags=-s -w", "-o", c.path, "./cmd/flow")
	build.Dir = nb.Root()
	if text, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("go build ./cmd/flow: %w\n%s", err, text)
	}
	c.made = true
	return nil
}

// run returns what the command prints; tell, if there is one, hears each line that it says
// meanwhile. If the context ends it gets SIGTERM, on which it leaves what it can go on from.
func (c *command) run(tell func(line string), args ...string) ([]byte, error) {
	cmd := exec.CommandContext(c.ctx, c.path, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	said, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	var out strings.Builder
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	last := ""
	for lines := bufio.NewScanner(said); lines.Scan(); {
		if last = lines.Text(); tell != nil {
			tell(last)
		}
	}
	if err := cmd.Wait(); err != nil {
		return nil, fmt.Errorf("flow %s: %w: %s", args[0], err, show.Text(last))
	}
	return []byte(out.String()), nil
}
