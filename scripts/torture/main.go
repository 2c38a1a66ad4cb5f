// Command torture runs the tests of robustness at their full counts, and keeps what
// they say in report/measured/torture.json: hostile input to everything that reads
// files, commands that are killed, disks that are full. `make torture` runs it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"os"
	"os/signal"
	"regexp"
	"syscall"
	"time"

	"normflow/internal/origin"
)

// result is one row of the file.
type result struct {
	What    string          `json:"what"`
	Test    string          `json:"test"`
	Inputs  int64           `json:"inputs,omitempty"`     // of fuzzing
	Peak    int64           `json:"peak_bytes,omitempty"` // that the largest process has held while it was fed them
	Figures json.RawMessage `json:"figures,omitempty"`    // of other tests
	Seconds float64         `json:"seconds"`

	Machine string `json:"machine"`
	Date    string `json:"date"`
	Commit  string `json:"commit"`
	Go      string `json:"go"`
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("torture: ")
	inputs := flag.Int64("inputs", 1_000_000, "hostile inputs to each reader of files")
	kills := flag.Int("kills", 200, "fits to kill, and commands of all kinds")
	only := flag.String("only", "", "tests to run, as a regular expression; the others' rows stay as they are (default all)")
	out := flag.String("o", "report/measured/torture.json", "file to write")
	flag.Parse()
	which, err := regexp.Compile(*only)
	if flag.NArg() > 0 || *inputs < 1 || *kills < 1 || err != nil {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := torture(ctx, targets(*inputs, *kills), which, *out); err != nil {
		log.Fatal(err)
	}
}

// torture runs the targets whose names match. A row is kept as soon as there is one: what
// fails later does not cost the others.
func torture(ctx context.Context, all []target, which *regexp.Regexp, out string) error {
	rows, err := read(out)
	if err != nil {
		return err
	}
	at := origin.Now() // the tree may change while this runs
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
			log.Print(failed[len(failed)-1])
		} else {
			r.What, r.Test, r.Seconds = target.what, target.name, time.Since(begin).Seconds()
			r.Machine, r.Date, r.Commit, r.Go = at.Machine, at.Date, at.Commit, at.Versions["go"]
			rows[target.name] = r
			fmt.Printf("%-24s %-18s %9d inputs %4d MB %6.0f s %s\n", r.What, r.Test, r.Inputs, r.Peak/1e6, r.Seconds, r.Figures)
		}
		if err := write(out, all, rows); err != nil {
			return err
		}
	}
	return errors.Join(failed...)
}

// read returns the rows of an older file by their tests, or none.
func read(path string) (map[string]result, error) {
	rows := map[string]result{}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return rows, nil
	}
	var list []result
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

// write keeps the rows in the order of their targets.
func write(path string, all []target, rows map[string]result) error {
	list := []result{}
	for _, target := range all {
		if r, ok := rows[target.name]; ok {
			list = append(list, r)
		}
	}
	return origin.Write(path, list)
}
