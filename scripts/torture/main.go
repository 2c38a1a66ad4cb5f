// Command torture runs the tests of robustness at their full counts, and keeps what
// they say in report/measured/torture.json: hostile input to everything that reads
// files, fits that are killed, disks that are full. `make torture` runs it.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"normflow/internal/origin"
)

// fuzzTargets are what is fed hostile input.
var fuzzTargets = []struct{ what, name, folder string }{
	{"CSV", "FuzzCSV", "./flowlib/table"},
	{"NPY and NPZ", "FuzzNPY", "./flowlib/table"},
	{"Parquet", "FuzzParquet", "./flowlib/table"},
	{"NPZ of many members", "FuzzMembers", "./flowlib/table"},
	{"columns kept as text", "FuzzKeep", "./flowlib/table"},
	{"model", "FuzzLoad", "./flowlib/flow"},
	{"safetensors", "FuzzDecode", "./internal/safetensors"},
	{"checkpoint", "FuzzCheckpoint", "./flowlib/fit"},
	{"import of weights", "FuzzImport", "./flowlib/flow"},
	{"exported weights (NPZ)", "FuzzRead", "./internal/npz"},
}

// testTargets are tests that do more when they are asked to, and say what they did.
var testTargets = []struct{ what, name, variable string }{
	{"fits killed", "TestKilledFits", "FLOW_KILLS"},
	{"full disk", "TestFullDisk", ""},
	{"no rights", "TestNoRights", ""},
}

// result is one row of the file.
type result struct {
	What    string          `json:"what"`
	Test    string          `json:"test"`
	Inputs  int64           `json:"inputs,omitempty"`  // of fuzzing
	Figures json.RawMessage `json:"figures,omitempty"` // of other tests
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
	kills := flag.Int("kills", 100, "fits to kill")
	out := flag.String("o", "report/measured/torture.json", "file to write")
	flag.Parse()
	if flag.NArg() > 0 || *inputs < 1 || *kills < 1 {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := torture(ctx, *inputs, *kills, *out); err != nil {
		log.Fatal(err)
	}
}

func torture(ctx context.Context, inputs int64, kills int, out string) error {
	commit := commit() // now: the tree may change while this runs
	var results []result
	add := func(r result, begin time.Time) {
		r.Seconds = time.Since(begin).Seconds()
		r.Machine = fmt.Sprintf("%s/%s, %d cores", runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
		r.Date, r.Commit, r.Go = time.Now().UTC().Format(time.DateOnly), commit, runtime.Version()
		results = append(results, r)
		fmt.Printf("%-24s %-16s %9d inputs %s %6.0f s\n", r.What, r.Test, r.Inputs, r.Figures, r.Seconds)
	}
	for _, target := range testTargets {
		begin := time.Now()
		cmd := exec.CommandContext(ctx, "go", "test", "./cmd/flow", "-run", "^"+target.name+"$", "-count=1", "-v", "-timeout=10h")
		if target.variable != "" {
			cmd.Env = append(os.Environ(), target.variable+"="+strconv.Itoa(kills))
		}
		found, err := runFor(cmd, figuresLine)
		if err != nil {
			return fmt.Errorf("%s: %w", target.name, err)
		}
		add(result{What: target.what, Test: target.name, Figures: json.RawMessage(found)}, begin)
	}
	for _, target := range fuzzTargets {
		begin := time.Now()
		// A new input is not made smaller for long: that would take most of the time.
		cmd := exec.CommandContext(ctx, "go", "test", target.folder, "-run", "^$", "-fuzz", "^"+target.name+"$",
			"-fuzztime", strconv.FormatInt(inputs, 10)+"x", "-fuzzminimizetime", "10x", "-timeout", "0")
		found, err := runFor(cmd, execsLine)
		if err != nil {
			return fmt.Errorf("%s: %w", target.name, err)
		}
		done, err := strconv.ParseInt(found, 10, 64)
		if err != nil || done < inputs {
			return fmt.Errorf("%s made %q inputs, expected %d", target.name, found, inputs)
		}
		add(result{What: target.what, Test: target.name, Inputs: done}, begin)
	}
	return origin.Write(out, results)
}

var (
	execsLine   = regexp.MustCompile(`^fuzz: elapsed: .*, execs: (\d+) `)
	figuresLine = regexp.MustCompile(`: figures: (\{.*\})$`)
)

// runFor runs a command and returns what the last line that matches has in its
// brackets. The error has the end of what it said.
func runFor(cmd *exec.Cmd, wanted *regexp.Regexp) (found string, err error) {
	out, in := io.Pipe()
	cmd.Stdout, cmd.Stderr = in, in
	// Where the context ends, so do the processes that `go test` has started.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) }
	cmd.WaitDelay = 20 * time.Second
	if err := cmd.Start(); err != nil {
		return "", err
	}
	ended := make(chan error, 1)
	go func() {
		err := cmd.Wait()
		in.Close()
		ended <- err
	}()
	var last []string
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		if match := wanted.FindStringSubmatch(lines.Text()); match != nil {
			found = match[1]
		}
		last = append(last, lines.Text())[max(0, len(last)-40):]
	}
	out.CloseWithError(lines.Err()) // so that a line too long for the scanner ends it
	if err := <-ended; err != nil {
		return "", fmt.Errorf("%w\n%s", err, strings.Join(last, "\n"))
	}
	if found == "" {
		return "", fmt.Errorf("it did not say what it did\n%s", strings.Join(last, "\n"))
	}
	return found, nil
}

func commit() string {
	out, err := exec.Command("git", "describe", "--always", "--dirty").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}
