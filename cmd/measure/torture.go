//go:build unix

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"time"

	"github.com/spf13/cobra"

	"normflow/internal/origin"
)

func init() { measurements = append(measurements, newTorture) }

func newTorture() *measurement {
	m := &measurement{Command: cobra.Command{
		Use: "torture", Short: "Robustness at full counts: hostile files, killed commands, full disks",
		Long: "Runs the tests of robustness at their full counts, and keeps what they say: hostile input to everything that reads files, commands that are killed, disks that are full.",
	}}
	var inputs int64
	var kills int
	var only string
	f := m.Flags()
	f.Int64Var(&inputs, "inputs", 1_000_000, "hostile inputs to each reader of files")
	f.IntVar(&kills, "kills", 200, "fits to kill, and commands of all kinds")
	f.StringVar(&only, "only", "", "tests to run, as a regular expression; the others' rows stay as they are (default all)")
	var which *regexp.Regexp
	m.check = func([]string) (err error) {
		if inputs < 1 || kills < 1 {
			return fmt.Errorf("expected --inputs and --kills from 1 on, found %d and %d", inputs, kills)
		}
		if which, err = regexp.Compile(only); err != nil {
			return fmt.Errorf("--only: %w", err)
		}
		return nil
	}
	m.measure = func(ctx context.Context, from origin.Origin, write func(any) error) error {
		old, err := readTorture(m.Flag("out").Value.String())
		if err != nil {
			return err
		}
		return torture(ctx, targets(inputs, kills), which, old, from, write)
	}
	return m
}

// tortureRow is what a target reported.
type tortureRow struct {
	What    string          `json:"what"`
	Test    string          `json:"test"`
	Inputs  int64           `json:"inputs,omitempty"`     // of fuzzing
	Peak    int64           `json:"peak_bytes,omitempty"` // of the largest process while it was fed inputs
	Figures json.RawMessage `json:"figures,omitempty"`    // of other tests
	Seconds float64         `json:"seconds"`

	origin.Origin
}

// torture runs the targets whose names match, keeping the other rows. Each row is stored
// as soon as it is known, so that a later failure does not lose it.
func torture(ctx context.Context, all []target, which *regexp.Regexp, rows map[string]tortureRow, from origin.Origin, write func(any) error) error {
	var failed []error
	for _, target := range all {
		if !which.MatchString(target.name) {
			continue
		}
		begin := time.Now()
		r, err := target.run(ctx)
		if ctx.Err() != nil {
			return errors.Join(append(failed, ctx.Err())...)
		}
		delete(rows, target.name)
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", target.name, err))
			fmt.Fprintln(os.Stderr, failed[len(failed)-1])
		} else {
			r.What, r.Test, r.Seconds, r.Origin = target.what, target.name, time.Since(begin).Seconds(), from
			rows[target.name] = r
			fmt.Printf("%-24s %-18s %9d inputs %4d MB %6.0f s %s\n", r.What, r.Test, r.Inputs, r.Peak/1e6, r.Seconds, r.Figures)
		}
		if err := write(inOrder(all, rows)); err != nil {
			return err
		}
	}
	return errors.Join(failed...)
}

// inOrder lists the rows in the order of their targets.
func inOrder(all []target, rows map[string]tortureRow) []tortureRow {
	list := []tortureRow{}
	for _, target := range all {
		if r, ok := rows[target.name]; ok {
			list = append(list, r)
		}
	}
	return list
}

// readTorture returns the rows of an older file by their tests, or none.
func readTorture(path string) (map[string]tortureRow, error) {
	rows := map[string]tortureRow{}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return rows, nil
	}
	var list []tortureRow
	if err == nil {
		err = json.Unmarshal(text, &list)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, r := range list {
		rows[r.Test] = r
	}
	return rows, nil
}
