package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/flow"
)

// asCommand in the environment makes the test's program the command itself.
const asCommand = "FLOW_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
	}
	os.Setenv(asCommand, "1") //nolint:errcheck // else a command that starts itself would run the tests, again and again
	heed(syscall.SIGHUP, syscall.SIGINT)
	code := backendtest.Main(m)
	if err := os.RemoveAll(trainedDir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// heed has signals end the commands that tests start, also where this process was started
// by nohup or in a script's background, which have them ignored.
func heed(signals ...os.Signal) {
	for _, s := range signals {
		if signal.Ignored(s) {
			signal.Notify(make(chan os.Signal, 1), s) // what has a handler here is not ignored there
		}
	}
}

// command is flow with these arguments, as a process of its own.
func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Env = os.Environ() // tests add to it
	return cmd
}

// ends runs it, and fails unless its exit status is code; it returns what it said.
func ends(t *testing.T, cmd *exec.Cmd, code int) string {
	t.Helper()
	var said bytes.Buffer
	cmd.Stderr = &said
	err := cmd.Run()
	var status *exec.ExitError
	if err != nil && !errors.As(err, &status) {
		t.Fatal(err)
	}
	if got := cmd.ProcessState.ExitCode(); got != code {
		t.Fatalf("%s: exit status %d, want %d: %s", strings.Join(cmd.Args[1:], " "), got, code, &said)
	}
	return said.String()
}

// alone runs a command as a process of its own, as shell does in this one: flow bench
// binds its process to few cores, for good.
func alone(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, said bytes.Buffer
	cmd := command(t, args...)
	cmd.Stdout, cmd.Stderr = &out, &said
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), said.String()
}

// count is how often to do what: a few times, or as an environment variable says.
func count(t *testing.T, variable string, few int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return few
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s is %q, expected a number from 1 on", variable, text)
	}
	return n
}

// figures says what a test has counted, for measure torture to read.
func figures(t *testing.T, v any) {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("figures: %s", text)
}

// writeTable writes a table to fit.
func writeTable(t *testing.T, path string) {
	t.Helper()
	if code := run(context.Background(), strings.Fields("data sample moons10 -n 1000 --seed 1 -o "+path)); code != 0 {
		t.Fatalf("exit status %d", code)
	}
}

// sum is the checksum of the weights of the model in dir, which must be whole.
func sum(t *testing.T, dir string) string {
	t.Helper()
	s, err := flow.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s.WeightsSHA256
}

// A fit that is killed at any moment leaves the old model or the new one, whole, and
// --resume ends with the very weights of a fit that nobody disturbed.
func TestKilledFits(t *testing.T) {
	var c struct {
		Kills      int `json:"kills"`
		Checkpoint int `json:"with_checkpoint"` // there was one to go on from
		Fresh      int `json:"without_checkpoint"`
		Saved      int `json:"new_model_was_there"`
		TooLate    int `json:"too_late"` // it had ended before: not counted as a kill
	}
	kills := count(t, "FLOW_KILLS", 6)
	rng := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1)) // other moments each time
	dir := t.TempDir()
	data, old := filepath.Join(dir, "data.csv"), filepath.Join(dir, "old")
	writeTable(t, data)
	fit := func(out string, steps, seed string, more ...string) *exec.Cmd {
		return command(t, append([]string{"fit", data, "-o", out, "--model", "realnvp", "--layers", "2", "--steps", steps, "--seed", seed}, more...)...)
	}
	ends(t, fit(old, "100", "1"), 0)
	for _, engine := range []struct {
		name, steps string
		share       int // of the kills
	}{{"fast", "1200", kills - kills/6}, {"go", "200", kills / 6}} {
		whole := filepath.Join(dir, "whole-"+engine.name)
		begin := time.Now()
		ends(t, fit(whole, engine.steps, "2", "--engine", engine.name), 0)
		took := time.Since(begin)
		before, want := sum(t, old), sum(t, whole)
		for i := 0; i < engine.share; {
			parent := t.TempDir()
			model := filepath.Join(parent, "model")
			if err := os.CopyFS(model, os.DirFS(old)); err != nil {
				t.Fatal(err)
			}
			cmd := fit(model, engine.steps, "2", "--engine", engine.name)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- cmd.Wait() }()
			if i%2 == 0 { // spread over the time that a fit takes
				at := (float64(i) + rng.Float64()) / float64(engine.share)
				time.Sleep(time.Duration(at * float64(took)))
			} else { // when there is something to go on from, however busy the machine is
				for len(ended) == 0 {
					if _, err := os.Stat(model + ".checkpoint"); err == nil {
						break
					}
					time.Sleep(time.Millisecond)
				}
				time.Sleep(time.Duration(rng.Float64() * float64(took) / 8))
			}
			if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
				t.Fatal(err)
			}
			if <-ended == nil { // it was faster than the first
				c.TooLate++
				took = took * 9 / 10
			} else {
				c.Kills++
				i++
			}
			switch got := sum(t, model); got {
			case before:
			case want:
				c.Saved++
			default:
				t.Fatalf("the model's weights are %s, expected those of the old or the new model", got)
			}
			if _, err := os.Stat(model + ".checkpoint"); err == nil {
				c.Checkpoint++
			} else {
				c.Fresh++
			}
			ends(t, fit(model, engine.steps, "2", "--engine", engine.name, "--resume"), 0)
			if got := sum(t, model); got != want {
				t.Fatalf("after --resume the weights are %s, those of an undisturbed fit %s", got, want)
			}
			left, err := os.ReadDir(parent)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range left {
				if e.Name() != "model" {
					t.Errorf("%s is left", e.Name())
				}
			}
		}
	}
	if c.Checkpoint == 0 || kills > 20 && c.Fresh == 0 {
		t.Errorf("the moments were badly chosen: %+v", c)
	}
	figures(t, c)
}
