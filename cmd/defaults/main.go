// Command defaults measures how close flow fit, as it is with no option set, comes to
// the toy densities, and in what time, and writes report/measured/defaults.json.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	"normflow/flowlib/dataset"
	"normflow/flowlib/tabular"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("defaults: ")
	a := asked{fit: tabular.DefaultFit()} // no option is set: the defaults are what is measured
	data := flag.String("data", "all", "toy densities, separated by commas; all for every one there is")
	seeds := flag.String("seeds", "0,1,2", "seeds, separated by commas")
	flag.IntVar(&a.rows, "rows", 20000, "rows of the table to fit to")
	flag.IntVar(&a.test, "test", 50000, "fresh points for the figures")
	flag.StringVar(&a.out, "o", "report/measured/defaults.json", "file to write")
	flag.Usage = func() {
		fmt.Fprintf(flag.CommandLine.Output(), "Usage: defaults [flags]\n\nFits flows to tables of draws from toy densities as flow fit does, and prints KL(p‖q) in nats on fresh points, and the time.\n\n")
		flag.PrintDefaults()
	}
	flag.Parse()
	if err := a.check(*data, *seeds, flag.Args()); err != nil {
		fmt.Fprintf(os.Stderr, "defaults: %v\n", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := a.measure(ctx); err != nil {
		log.Fatal(err)
	}
}

// asked is what the flags say.
type asked struct {
	densities  []*dataset.Density
	seeds      []int64
	rows, test int
	out        string
	fit        tabular.FitConfig
}

// check reads the lists, before minutes of training.
func (a *asked) check(data, seeds string, rest []string) error {
	if len(rest) > 0 {
		return fmt.Errorf("unexpected argument %q", rest[0])
	}
	if a.rows < 1 || a.test < 2 {
		return fmt.Errorf("-rows from 1 and -test from 2 on expected, got %d and %d", a.rows, a.test)
	}
	a.densities = dataset.Densities()
	if data != "all" {
		a.densities = nil
		for _, name := range strings.Split(data, ",") {
			d, err := dataset.ByName(name)
			if err != nil {
				return fmt.Errorf("-data: %w", err)
			}
			a.densities = append(a.densities, d)
		}
	}
	for _, text := range strings.Split(seeds, ",") {
		seed, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return fmt.Errorf("-seeds: %q is not a whole number", text)
		}
		a.seeds = append(a.seeds, seed)
	}
	return nil
}
