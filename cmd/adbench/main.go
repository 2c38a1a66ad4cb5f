// Command adbench measures how well flow fit and flow anomaly, as they are with no
// option set, tell anomalies from normal rows in tables of ADBench, beside what is
// usual for that, and writes report/measured/anomaly.json.
//
// Source of the tables: Han et al. 2022, ADBench: Anomaly Detection Benchmark,
// https://arxiv.org/abs/2206.09426.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"

	"normflow/flowlib/tabular"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("adbench: ")
	a := asked{fit: tabular.DefaultFit()} // no option is set: the defaults are what is measured
	flag.StringVar(&a.folder, "data", "../shared/data/adbench", "folder of ADBench's NPZ files, each with arrays X and y")
	flag.StringVar(&a.seeds, "seeds", "0,1,2", "seeds, separated by commas")
	flag.StringVar(&a.python, "python", "", "Python that has scikit-learn, for the others; empty for the flow alone")
	flag.StringVar(&a.out, "o", "report/measured/anomaly.json", "file to write")
	flag.Usage = func() {
		fmt.Fprintf(flag.CommandLine.Output(), "Usage: adbench [flags] [TABLE.npz …]\n\nFits flows to half of the normal rows of each table of the folder (or of those named) and prints AUROC and average precision on the rest.\n\n")
		flag.PrintDefaults()
	}
	flag.Parse()
	a.tables = flag.Args()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := a.check(); err != nil {
		fmt.Fprintf(os.Stderr, "adbench: %v\n", err)
		os.Exit(2)
	}
	if err := a.measure(ctx); err != nil {
		log.Fatal(err)
	}
}
