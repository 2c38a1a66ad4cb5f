package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"normflow/flowlib/tabular"
	"normflow/internal/origin"
	"normflow/internal/show"
)

func init() { measurements = append(measurements, newAnomaly) }

// newAnomaly measures how well flow fit and flow anomaly, with their defaults,
// distinguish anomalies from normal rows, compared with the usual methods.
//
// Source of the tables: Han et al. 2022, ADBench: Anomaly Detection Benchmark,
// https://arxiv.org/abs/2206.09426.
func newAnomaly() *measurement {
	m := &measurement{Command: cobra.Command{
		Use: "anomaly [TABLE.npz …]", Short: "AUROC of flow anomaly as it is, on tables of ADBench",
		Long: "Fits flows to half of the normal rows of each table of the folder (or of those named) and prints AUROC and average precision on the rest.",
		Args: cobra.ArbitraryArgs,
	}}
	var a comparison
	var folder string
	f := m.Flags()
	f.StringVar(&folder, "data", "../shared/data/adbench", "folder of ADBench's NPZ files, each with arrays X and y")
	addSeeds(f, &a.seeds)
	f.StringVar(&a.python, "python", "", "Python that has scikit-learn, for the others (default the flow alone)")
	m.check = func(args []string) (err error) {
		if a.tables = args; len(args) > 0 {
			return nil
		}
		if a.tables, err = filepath.Glob(filepath.Join(folder, "*.npz")); err != nil {
			return fmt.Errorf("--data: %w", err)
		}
		if len(a.tables) == 0 {
			return fmt.Errorf("--data: there is no .npz file in %s; the tables are in https://github.com/Minqi824/ADBench, folder adbench/datasets/Classical: put those you want there, such as 38_thyroid.npz", show.Quoted(folder))
		}
		return nil
	}
	m.measure = a.measure
	return m
}

// comparison says what to compare, and with which seeds.
type comparison struct {
	tables []string // files
	seeds  []int64
	python string
}

// anomalyRow is one method on one split of one table; the keys are the file's contract
// with the report.
type anomalyRow struct {
	Data     string  `json:"data"`
	Method   string  `json:"method"` // flow, or another one
	Seed     int64   `json:"seed"`
	AUROC    float64 `json:"auroc"`
	AP       float64 `json:"average_precision"`
	Seconds  float64 `json:"seconds"` // of fitting and scoring
	Train    int     `json:"train"`   // normal rows in training
	Test     int     `json:"test"`    // rows in the test
	Share    float64 `json:"share"`   // of anomalies in the test: the average precision of guessing
	Features int     `json:"features"`

	// Of the flow only: its flags at the requested rate.
	Asked       float64  `json:"false_alarm,omitempty"`
	FalseAlarms *float64 `json:"false_alarms,omitempty"` // share of normal test rows flagged
	Detected    *float64 `json:"detected,omitempty"`     // share of anomalies flagged
	Parameters  int      `json:"params,omitempty"`
	BestStep    int      `json:"best_step,omitempty"`
	Backend     string   `json:"backend,omitempty"`
	LeftOut     []string `json:"left_out,omitempty"` // columns with one value in training, to which no density can be fitted

	origin.Origin
}

// method is the name of our method.
const method = "flow"

// measure makes all runs and writes their rows.
func (a *comparison) measure(ctx context.Context, from origin.Origin, write func(any) error) error {
	var rows []anomalyRow
	var failed []error
	for _, path := range a.tables {
		found, err := a.measureTable(ctx, path, from)
		rows = append(rows, found...)
		if err != nil && ctx.Err() != nil {
			return err
		}
		if err != nil { // the other tables go on
			fmt.Fprintf(os.Stderr, "measure anomaly: %v: going on with the other tables\n", err)
			failed = append(failed, err)
		}
	}
	if len(rows) == 0 {
		return errors.Join(failed...)
	}
	printMeans(rows)
	if err := write(rows); err != nil {
		return err
	}
	if len(failed) > 0 {
		return fmt.Errorf("%d of %d tables could not be measured whole, see above; the file holds the rest", len(failed), len(a.tables))
	}
	return nil
}

// measureTable makes the runs of one table, and returns those that succeeded.
func (a *comparison) measureTable(ctx context.Context, path string, from origin.Origin) (rows []anomalyRow, err error) {
	table, err := read(path)
	if err != nil {
		return nil, err
	}
	name := strings.TrimSuffix(filepath.Base(path), ".npz")
	for _, seed := range a.seeds {
		found, err := a.compare(ctx, table, seed)
		if err != nil {
			return rows, fmt.Errorf("%s, seed %d: %w", name, seed, err)
		}
		for _, r := range found {
			r.Data, r.Origin = name, from
			fmt.Printf("%-16s seed %-2d %-9s AUROC %.4f  AP %.4f  %6.1f s\n", r.Data, r.Seed, r.Method, r.AUROC, r.AP, r.Seconds)
			if len(r.LeftOut) > 0 {
				fmt.Printf("%-16s seed %-2d %-9s without %s: one value in all training rows\n", r.Data, r.Seed, r.Method, show.Names(r.LeftOut))
			}
			rows = append(rows, r)
		}
	}
	return rows, nil
}

// compare splits a table and returns a row for each method.
func (a *comparison) compare(ctx context.Context, l labelled, seed int64) ([]anomalyRow, error) {
	dir, err := os.MkdirTemp("", "adbench")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	train, test := l.split(seed)
	if len(train.rows) == 0 {
		return nil, fmt.Errorf("there is no normal row to fit to")
	}
	trainFile, err := train.write(dir, "train.csv", false)
	if err != nil {
		return nil, err
	}
	testFile, err := test.write(dir, "test.csv", true)
	if err != nil {
		return nil, err
	}
	ours, err := ours(ctx, dir, trainFile, testFile, seed)
	if err != nil {
		return nil, err
	}
	rows := []anomalyRow{ours}
	if a.python != "" {
		others, err := others(ctx, a.python, trainFile, testFile, seed)
		if err != nil {
			return nil, err
		}
		rows = append(rows, others...)
	}
	share := 0.0
	for _, label := range test.labels {
		share += label / float64(len(test.labels))
	}
	for i := range rows {
		r := &rows[i]
		r.Seed, r.Train, r.Test, r.Share, r.Features = seed, len(train.rows), len(test.rows), share, len(l.rows[0])
	}
	return rows, nil
}

// ours measures flow fit and flow anomaly, both with their defaults, except the seed and,
// if the held-out rows cannot promise a hundredth, the rate of false alarms.
func ours(ctx context.Context, dir, trainFile, testFile string, seed int64) (r anomalyRow, err error) {
	start := time.Now()
	c := defaults
	c.Seed = seed
	model := filepath.Join(dir, "model")
	record, err := tabular.Fit(ctx, trainFile, model, c, tabular.Progress{})
	if err != nil {
		return r, err
	}
	m, err := tabular.Open(model, c.Engine)
	if err != nil {
		return r, err
	}
	o := tabular.AnomalyOptions{FalseAlarm: 0.01, Labels: labelColumn}
	o.FalseAlarm = max(o.FalseAlarm, 1/float64(len(record.Calibration.Scores)+1))
	found, err := m.Anomalies(ctx, testFile, filepath.Join(dir, "flagged.csv"), o)
	if err != nil {
		return r, err
	}
	judged := found.Labels
	var leftOut []string
	for _, c := range record.Columns {
		if !slices.Contains(record.Features, c.Column) {
			leftOut = append(leftOut, c.Column)
		}
	}
	return anomalyRow{
		Method: method, AUROC: judged.AUROC, AP: judged.AveragePrecision, Seconds: time.Since(start).Seconds(),
		Asked: o.FalseAlarm, FalseAlarms: &judged.FalseAlarms, Detected: &judged.Detected,
		Parameters: m.Saved.Parameters(), BestStep: record.Result.BestStep, Backend: record.Engine, LeftOut: leftOut,
	}, nil
}

// printMeans prints the mean over the seeds: one line per table, one column per method.
func printMeans(rows []anomalyRow) {
	var tables, methods []string
	type key struct{ table, method string }
	of := map[key][]anomalyRow{}
	for _, r := range rows {
		if !slices.Contains(tables, r.Data) {
			tables = append(tables, r.Data)
		}
		if !slices.Contains(methods, r.Method) {
			methods = append(methods, r.Method)
		}
		k := key{r.Data, r.Method}
		of[k] = append(of[k], r)
	}
	fmt.Printf("\nmean AUROC / average precision\n%-16s", "")
	for _, m := range methods {
		fmt.Printf(" %15s", m)
	}
	fmt.Println()
	for _, t := range tables {
		fmt.Printf("%-16s", t)
		for _, m := range methods {
			auroc, ap := 0.0, 0.0
			for _, r := range of[key{t, m}] {
				n := float64(len(of[key{t, m}]))
				auroc, ap = auroc+r.AUROC/n, ap+r.AP/n
			}
			fmt.Printf("   %.4f/%.4f", auroc, ap)
		}
		fmt.Println()
	}
}
