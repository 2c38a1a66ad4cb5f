// Package runs trains flows with a progress bar, or takes those trained before, and turns
// them into what a notebook draws: curves, densities, stages, sweeps over layers,
// figures.
package runs

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/gomlx/compute"
	"github.com/janpfeifer/must"

	"normflow/flowlib/backend"
	"normflow/flowlib/experiment"
	"normflow/flowlib/fit"
)

// Backend returns the backend that GOMLX_BACKEND names, or else the fastest that works.
func Backend() compute.Backend { return must.M1(backend.Open("")) }

// backendOf returns the backend for an experiment. What the fast engine trains and scores
// needs only pure Go, which starts at once.
func backendOf(cfg experiment.Config) compute.Backend {
	if cfg.Fit.Engine == fit.EngineFast {
		return must.M1(backend.Open("go"))
	}
	return Backend()
}

// Train runs an experiment with a progress bar below the cell, or returns at once one
// that was finished before. Interrupting the cell keeps a checkpoint, from which running
// it again continues.
func Train(cfg experiment.Config) *experiment.Result {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	name := fmt.Sprintf("%s on %s, %s, seed %d", cfg.Flow.Name(), cfg.Data, counted(cfg.Flow.Layers), cfg.Seed)
	bar := NewBar(name)
	r, err := experiment.Run(ctx, backendOf(cfg), experiment.Root(), cfg, bar.Step)
	bar.Check(err)
	if bar.step > 0 {
		bar.End("%d steps in %.0f s on %s, KL %.4f ± %.4f nats", cfg.Fit.Steps, r.Fit.Seconds, engineName(r), r.KL.Mean, r.KL.SE)
	}
	return r
}

// engineName names what trained a run, for readers.
func engineName(r *experiment.Result) string {
	if r.Config.Fit.Engine == fit.EngineFast {
		return "the fast engine"
	}
	return r.Backend
}

// Experiment returns the default experiment on a toy density with the given number of
// coupling layers and FLOW_STEPS steps of training.
func Experiment(data string, layers int, seed int64) experiment.Config {
	return Zoo("realnvp", data, layers, seed)
}
