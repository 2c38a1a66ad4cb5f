// Command quality measures how close the flows of the zoo come to the entropy of
// the toy densities, and writes report/measured/quality.json.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"normflow/flowlib/experiment"
	"normflow/flowlib/flow"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("quality: ")
	var a asked
	usual := experiment.DefaultConfig(flow.RealNVP(2), "", 0)
	flag.StringVar(&a.models, "model", "realnvp,realnvp+mixture,nsf", "entries of the zoo, such as nsf or realnvp+actnorm+lu, separated by commas")
	flag.StringVar(&a.data, "data", "moons05,moons10,checkerboard,spirals,8gaussians,pinwheel", "toy densities, separated by commas; all for every one there is")
	flag.StringVar(&a.seeds, "seeds", "0,1,2", "seeds, separated by commas")
	flag.IntVar(&a.layers, "layers", 0, "coupling layers; 0 for as many as the entry has")
	flag.IntVar(&a.steps, "steps", usual.Fit.Steps, "training steps")
	flag.IntVar(&a.train, "train", usual.Train, "events to train on")
	flag.IntVar(&a.valid, "valid", usual.Valid, "events for every choice on the way")
	flag.IntVar(&a.test, "test", usual.Test, "fresh events for the figures")
	flag.StringVar(&a.flowChanges, "flow", "{}", "changes to the flow's Config, as JSON, such as '{\"hidden\":[32,32]}'")
	flag.StringVar(&a.fitChanges, "fit", "{}", "changes to the training's Config, as JSON, such as '{\"learning_rate\":0.001}'")
	flag.IntVar(&a.jobs, "jobs", runtime.NumCPU(), "runs at a time")
	flag.StringVar(&a.out, "o", "report/measured/quality.json", "file to write")
	flag.Usage = func() {
		fmt.Fprintf(flag.CommandLine.Output(), "Usage: quality [flags]\n\nFits flows to toy densities and prints KL(p‖q) in nats on fresh points: a line a run, then medians over the seeds.\n\n")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "quality: unexpected argument %q\n", flag.Arg(0))
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	runs, err := a.runs()
	if err != nil {
		fmt.Fprintf(os.Stderr, "quality: %v\n", err)
		os.Exit(2)
	}
	if err := measure(ctx, runs, a.jobs, a.out); err != nil {
		log.Fatal(err)
	}
}
