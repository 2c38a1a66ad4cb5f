//go:build unix

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// target is a test, and how to run it at its full count.
type target struct {
	what, name string
	folder     string // of its package
	run        func(ctx context.Context) (tortureRow, error)
}

// targets are the tests of hostile inputs, and tests that do more on request and report
// what they did.
func targets(inputs int64, kills int) []target {
	fuzz := func(what, name, folder string) target {
		return target{what, name, folder, func(ctx context.Context) (tortureRow, error) { return runFuzz(ctx, name, folder, inputs) }}
	}
	test := func(what, name, variable string) target {
		return target{what, name, "./cmd/flow", func(ctx context.Context) (tortureRow, error) { return runTest(ctx, name, variable, kills) }}
	}
	return []target{
		test("fits killed and resumed", "TestKilledFits", "FLOW_KILLS"),
		test("commands ended by signals", "TestKilledCommands", "FLOW_KILLS"),
		test("full disk", "TestFullDisk", ""),
		test("no rights", "TestNoRights", ""),
		fuzz("CSV", "FuzzCSV", "./flowlib/table"),
		fuzz("NPY and NPZ", "FuzzNPY", "./flowlib/table"),
		fuzz("Parquet", "FuzzParquet", "./flowlib/table"),
		fuzz("metadata of Parquet", "FuzzThrift", "./flowlib/table"),
		fuzz("pages of Parquet", "FuzzPages", "./flowlib/table"),
		fuzz("NPZ of many members", "FuzzMembers", "./flowlib/table"),
		fuzz("columns kept as text", "FuzzKeep", "./flowlib/table"),
		fuzz("maps of columns", "FuzzCheck", "./flowlib/columns"),
		fuzz("model", "FuzzLoad", "./flowlib/flow"),
		fuzz("tree of layers", "FuzzTree", "./flowlib/flow"),
		fuzz("safetensors", "FuzzDecode", "./internal/safetensors"),
		fuzz("checkpoint", "FuzzCheckpoint", "./flowlib/fit"),
		fuzz("import of weights", "FuzzImport", "./flowlib/flow"),
		fuzz("exported weights (NPZ)", "FuzzRead", "./internal/npz"),
	}
}

// runTest runs a test of the flow command.
func runTest(ctx context.Context, name, variable string, count int) (tortureRow, error) {
	cmd := exec.CommandContext(ctx, "go", "test", "./cmd/flow", "-run", "^"+name+"$", "-count=1", "-v", "-timeout=10h")
	if variable != "" {
		cmd.Env = append(os.Environ(), variable+"="+strconv.Itoa(count))
	}
	found, err := runFor(cmd, figuresLine)
	return tortureRow{Figures: json.RawMessage(found)}, err
}

// runFuzz feeds inputs to a target. It builds the test program first, so that the
// compiler's memory does not count.
func runFuzz(ctx context.Context, name, folder string, inputs int64) (tortureRow, error) {
	dir, err := os.MkdirTemp("", "torture-")
	if err != nil {
		return tortureRow{}, err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "test")
	build := exec.CommandContext(ctx, "go", "test", folder, "-c", "-fuzz", "^"+name+"$", "-o", program)
	if out, err := build.CombinedOutput(); err != nil {
		return tortureRow{}, fmt.Errorf("%w\n%s", err, out)
	}
	// Minimizing new inputs for long would take most of the time.
	cmd := exec.CommandContext(ctx, program, "-test.run", "^$", "-test.fuzz", "^"+name+"$",
		"-test.fuzztime", strconv.FormatInt(inputs, 10)+"x", "-test.fuzzminimizetime", "10x", "-test.timeout", "0",
		"-test.fuzzcachedir", filepath.Join(dir, "corpus"))
	cmd.Dir = folder // holds its seeds and its findings
	found, err := runFor(cmd, execsLine)
	if err != nil {
		return tortureRow{}, err
	}
	done, err := strconv.ParseInt(found, 10, 64)
	if err != nil || done < inputs {
		return tortureRow{}, fmt.Errorf("made %q inputs, expected %d", found, inputs)
	}
	r := tortureRow{Inputs: done}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		r.Peak = usage.Maxrss << 10 // in KiB on Linux, workers included
	}
	return r, nil
}

var (
	execsLine   = regexp.MustCompile(`^fuzz: elapsed: .*, execs: (\d+) `)
	figuresLine = regexp.MustCompile(`: figures: (\{.*\})$`)
)

// runFor runs a command and returns what the last matching line has in its brackets. The
// error contains the end of the output.
func runFor(cmd *exec.Cmd, wanted *regexp.Regexp) (found string, err error) {
	out, in := io.Pipe()
	cmd.Stdout, cmd.Stderr = in, in
	// The processes that `go test` starts end with the context too.
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
	said := time.Now()
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		if match := wanted.FindStringSubmatch(lines.Text()); match != nil {
			found = match[1]
			if wanted == execsLine && time.Since(said) > time.Minute { // shows that it is running
				said = time.Now()
				fmt.Fprintln(os.Stderr, lines.Text())
			}
		}
		last = append(last, lines.Text())[max(0, len(last)-40):]
	}
	out.CloseWithError(lines.Err()) // ends the command if a line is too long for the scanner
	if err := <-ended; err != nil {
		return "", fmt.Errorf("%w\n%s", err, strings.Join(last, "\n"))
	}
	if found == "" {
		return "", fmt.Errorf("it did not say what it did\n%s", strings.Join(last, "\n"))
	}
	return found, nil
}
