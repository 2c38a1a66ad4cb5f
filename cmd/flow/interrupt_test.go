//go:build unix

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// One signal ends a command that waits for a pipe, and tells by its status which it was.
func TestOneSignalEndsWhatWaits(t *testing.T) {
	csv, model := moonsAndModel(t)
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip("needs named pipes: ", err)
	}
	t.Setenv("TMPDIR", t.TempDir())
	for i, args := range [][]string{
		{"score", model, pipe, "-o", filepath.Join(dir, "out.csv")},
		{"score", model, "-", "-o", filepath.Join(dir, "out.csv")},
		{"score", model, csv, "-o", pipe},
		{"anomaly", model, csv, "--calibration", pipe},
		{"fit", pipe, "-o", filepath.Join(dir, "model")},
		{"eval", model, pipe},
		{"sample", model, "-n", "100000", "-o", pipe},
		{"data", "sample", "moons10", "-o", pipe},
	} {
		s := []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT}[i%3]
		cmd := command(t, args...)
		in, err := cmd.StdinPipe() // that nobody writes to
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		untilItWaits(cmd.Process.Pid)
		if err := cmd.Process.Signal(s); err != nil {
			t.Error(err)
		}
		late := time.AfterFunc(20*time.Second, func() { cmd.Process.Kill() }) //nolint:errcheck // its status tells
		cmd.Wait()                                                            //nolint:errcheck // as above
		late.Stop()
		in.Close()
		if got := cmd.ProcessState.ExitCode(); got != 128+int(s) {
			t.Errorf("flow %s, %v: exit status %d, want %d", strings.Join(args, " "), s, got, 128+int(s))
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
			t.Errorf("flow %s, %v: leaves %v, %v", strings.Join(args, " "), s, left, err)
		}
	}
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) != 0 {
		t.Errorf("in the folder for temporary files are %v, %v", left, err)
	}
}

// untilItWaits returns once a process has used no processor time for half a second, and
// some before: on a busy machine it may take seconds until it hears signals. Where that
// cannot be told, it waits a while.
func untilItWaits(pid int) {
	used, since := "", time.Now()
	for begin := time.Now(); time.Since(begin) < 20*time.Second; time.Sleep(50 * time.Millisecond) {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		times, err2 := os.ReadFile(fmt.Sprintf("/proc/%d/schedstat", pid))
		if err != nil || err2 != nil {
			time.Sleep(2 * time.Second)
			return
		}
		state, _, _ := strings.Cut(string(stat[bytes.LastIndexByte(stat, ')')+2:]), " ")
		now, _, _ := strings.Cut(string(times), " ") // nanoseconds of its first thread
		if now != used || now == "0" || state == "R" {
			used, since = now, time.Now()
		} else if time.Since(since) > 500*time.Millisecond {
			return
		}
	}
}

// What cannot be printed is an error; where nobody reads any more nothing is said.
func TestOutputIsChecked(t *testing.T) {
	csv, model := moonsAndModel(t)
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("needs /dev/full")
	}
	defer full.Close()
	for _, args := range [][]string{
		{"--help"}, {"fit", "--help"}, {"--version"}, {}, {"completion", "bash"}, {"data", "list"}, {"data", "list", "--json"}, {"data", "sample", "moons10"},
		{"show", model}, {"show", model, "--json"}, {"eval", model, csv}, {"anomaly", model, csv, "--false-alarm", "0.1"}, {"score", model, csv},
		{"sample", model, "-n", "10"}, {"fit", csv, "-o", filepath.Join(t.TempDir(), "m"), "--steps", "20", "--layers", "2"},
	} {
		cmd := command(t, args...)
		cmd.Stdout = full
		if said := ends(t, cmd, 1); !strings.Contains(said, "no space left on device") {
			t.Errorf("flow %s says %q", strings.Join(args, " "), said)
		}
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	defer w.Close()
	for _, args := range [][]string{{"data", "list"}, {"score", model, csv}} {
		var said bytes.Buffer
		cmd := command(t, args...)
		cmd.Stdout, cmd.Stderr = w, &said
		if err := cmd.Run(); err == nil || cmd.ProcessState.ExitCode() != 141 || said.Len() > 0 {
			t.Errorf("flow %s into a pipe without a reader: %v, says %q", strings.Join(args, " "), err, &said)
		}
	}
}

// What goes to a standard output that was closed is lost, and a line says so. /dev/null is
// chosen, and a table in a file is not lost.
func TestOutputIsClosed(t *testing.T) {
	csv, model := moonsAndModel(t)
	file := filepath.Join(t.TempDir(), "out.csv")
	for _, tt := range []struct {
		to   string
		args []string
		lost bool
	}{
		{">&-", []string{"score", model, csv}, true},
		{">&-", []string{"data", "list", "--json"}, true},
		{">&-", []string{"sample", model, "-n", "5"}, true},
		{">/dev/null", []string{"score", model, csv}, false},
		{">&-", []string{"score", model, csv, "-o", file}, false},
		{"<&-", []string{"score", model, csv}, false},
	} {
		cmd := command(t, tt.args...)
		cmd.Args = append([]string{"sh", "-c", `"$@" ` + tt.to, "sh", cmd.Path}, tt.args...)
		cmd.Path = "/bin/sh"
		if said := ends(t, cmd, 0); strings.Contains(said, "what was printed is lost") != tt.lost {
			t.Errorf("flow %s %s: says %q", strings.Join(tt.args, " "), tt.to, said)
		}
	}
}

// SIGHUP leaves a checkpoint, as SIGTERM does, unless nohup has it ignored.
func TestHangUp(t *testing.T) {
	csv, _ := moonsAndModel(t)
	dir := t.TempDir()
	model := filepath.Join(dir, "m")
	args := []string{"fit", csv, "-o", model, "--steps", "200000", "--layers", "2", "--model", "realnvp"}
	cmd := command(t, args...)
	var said bytes.Buffer
	cmd.Stderr = &said
	hangUp(t, cmd, model+".checkpoint")
	if got := cmd.ProcessState.ExitCode(); got != 129 || !strings.Contains(said.String(), "--resume") {
		t.Errorf("exit status %d, says %s", got, &said)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("leaves %v, %v", left, err)
	}
}

// hangUp starts a command, and hangs up once a file is there.
func hangUp(t *testing.T, cmd *exec.Cmd, file string) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for range 30000 {
		if _, err := os.Stat(file); err == nil {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if err := cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Error(err)
	}
	cmd.Wait() //nolint:errcheck // its status tells
}
