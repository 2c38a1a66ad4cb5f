package flow

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gomlx/compute/dtypes"
)

// numbered is a small model that has n in its record and everywhere in its weights.
func numbered(t *testing.T, n int) *Saved {
	t.Helper()
	c := RealNVP(2)
	c.Layers, c.Hidden = 2, []int{16}
	variables, err := c.Variables()
	if err != nil {
		t.Fatal(err)
	}
	s := &Saved{Config: c, DType: dtypes.Float32, Training: []byte(strconv.Itoa(n))}
	for _, v := range variables {
		size, _ := numbers([]Variable{v})
		values := make([]float64, size)
		for i := range values {
			values[i] = float64(n)
		}
		s.Weights = append(s.Weights, Weight{v.Path, v.Shape, values})
	}
	return s
}

// number reads it back, and fails unless the model is one whole.
func number(t *testing.T, dir string) int {
	t.Helper()
	s, err := Read(dir)
	if err != nil {
		t.Error(err)
		return -1
	}
	n, err := strconv.Atoi(string(s.Training))
	if err != nil {
		t.Error(err)
	}
	for _, w := range s.Weights {
		for _, v := range w.Values {
			if v != float64(n) {
				t.Errorf("model %d has weights of model %g", n, v)
			}
		}
	}
	return n
}

// without runs a test once with the exchange of folders, and once without.
func without(t *testing.T, do func(t *testing.T)) {
	t.Run("exchange", do)
	t.Run("two steps", func(t *testing.T) {
		exchange = func(string, string) error { return syscall.EINVAL }
		defer func() { exchange = exchangePaths }()
		do(t)
	})
}

// Whoever reads while two others save finds a whole model every time, and both can.
func TestSavingAndReadingAtOnce(t *testing.T) {
	without(t, func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "model")
		if err := numbered(t, 0).Write(dir); err != nil {
			t.Fatal(err)
		}
		var writers sync.WaitGroup
		for w := range 2 {
			writers.Go(func() {
				for i := range 40 {
					if err := numbered(t, 2*i+w).Write(dir); err != nil {
						t.Errorf("writer %d: %v", w, err)
					}
				}
			})
		}
		done := make(chan bool)
		go func() { writers.Wait(); close(done) }()
		seen := map[int]bool{}
		for running := true; running; {
			select {
			case <-done:
				running = false
			default:
			}
			seen[number(t, dir)] = true
			if t.Failed() {
				break
			}
		}
		writers.Wait()
		if len(seen) < 3 {
			t.Errorf("saw the models %v only: the test shows nothing", seen)
		}
		if left := leftovers(dir); len(left) > 0 {
			t.Errorf("left: %v", left)
		}
	})
}

// With exchange there is no moment without a model: the name is never missing.
func TestExchangeHasNoGap(t *testing.T) {
	a, b := filepath.Join(t.TempDir(), "a"), t.TempDir()
	if err := os.Mkdir(a, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := exchangePaths(a, b); err != nil {
		t.Skipf("this file system does not exchange: %v", err)
	}
	dir := filepath.Join(t.TempDir(), "model")
	if err := numbered(t, 1).Write(dir); err != nil {
		t.Fatal(err)
	}
	rename = func(from, to string) error {
		if from == dir {
			t.Error("the model was moved away")
		}
		return os.Rename(from, to)
	}
	defer func() { rename = os.Rename }()
	if err := numbered(t, 2).Write(dir); err != nil {
		t.Fatal(err)
	}
	if n := number(t, dir); n != 2 {
		t.Errorf("found model %d", n)
	}
}

// killed stands for the end of the process.
type killed struct{}

// Cut off at any of its steps, a save leaves the old model or the new one, or says
// where both are.
func TestInterruptedSave(t *testing.T) {
	without(t, func(t *testing.T) {
		for step := 0; ; step++ {
			dir := filepath.Join(t.TempDir(), "model")
			if err := numbered(t, 1).Write(dir); err != nil {
				t.Fatal(err)
			}
			if !interruptedAt(t, step, dir) {
				if step < 2 {
					t.Fatalf("only %d steps", step)
				}
				return
			}
			if _, err := os.Stat(dir); err == nil {
				if n := number(t, dir); n != 1 && n != 2 {
					t.Errorf("step %d: found model %d", step, n)
				}
			} else {
				_, err := Read(dir)
				left := leftovers(dir)
				if err == nil || len(left) != 2 || !strings.Contains(err.Error(), left[0]) || !strings.Contains(err.Error(), left[1]) {
					t.Fatalf("step %d: got %v, left are %v", step, err, left)
				}
				for _, path := range left {
					want := 2
					if isAside(path) {
						want = 1
					}
					if n := number(t, path); n != want {
						t.Errorf("step %d: %s is model %d", step, path, n)
					}
				}
			}
			// The next save ends it.
			if err := numbered(t, 3).Write(dir); err != nil {
				t.Fatal(err)
			}
			if n := number(t, dir); n != 3 {
				t.Errorf("step %d: then found model %d", step, n)
			}
		}
	})
}

// interruptedAt saves model 2 and ends before the step of that number, unless there
// are fewer.
func interruptedAt(t *testing.T, step int, dir string) (was bool) {
	t.Helper()
	beside := dir + besideMark + "1"
	if err := os.Mkdir(beside, 0o755); err != nil {
		t.Fatal(err)
	}
	s := numbered(t, 2)
	variables, err := s.Config.Variables()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.writeFiles(beside, variables); err != nil {
		t.Fatal(err)
	}
	count := 0
	before := exchange
	tick := func(do func(from, to string) error) func(from, to string) error {
		return func(from, to string) error {
			if count++; count > step {
				panic(killed{})
			}
			return do(from, to)
		}
	}
	rename, exchange = tick(os.Rename), tick(before)
	defer func() {
		rename, exchange = os.Rename, before
		if p := recover(); p != nil {
			if _, ok := p.(killed); !ok {
				panic(p)
			}
			was = true
		}
	}()
	if err := replaceDir(beside, dir); err != nil {
		t.Fatal(err)
	}
	return false
}

// Where the second of the two steps fails, the first is taken back.
func TestFailedSecondStep(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "model")
	if err := numbered(t, 1).Write(dir); err != nil {
		t.Fatal(err)
	}
	exchange = func(string, string) error { return syscall.EINVAL }
	rename = func(from, to string) error {
		if _, err := os.Stat(dir); to == dir && err != nil && !isAside(from) {
			return syscall.EIO
		}
		return os.Rename(from, to)
	}
	defer func() { exchange, rename = exchangePaths, os.Rename }()
	if err := numbered(t, 2).Write(dir); !errors.Is(err, syscall.EIO) {
		t.Errorf("got %v, want an error of the disk", err)
	}
	if n := number(t, dir); n != 1 {
		t.Errorf("found model %d", n)
	}
	if left := leftovers(dir); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// What a killed save left goes when it is old, and nothing else does.
func TestSweep(t *testing.T) {
	parent := t.TempDir()
	dir := filepath.Join(parent, "model")
	long := time.Now().Add(-2 * staleAfter)
	old := []string{"model.new-12", "model.new-12.old"}
	kept := []string{"model.new-13", "model.new-x", "model.new-", "other.new-12", "model.old"}
	for _, name := range append(old, kept...) {
		if err := os.Mkdir(filepath.Join(parent, name), 0o755); err != nil {
			t.Fatal(err)
		}
		if name != "model.new-13" { // which another process is writing now
			if err := os.Chtimes(filepath.Join(parent, name), long, long); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := numbered(t, 1).Write(dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range old {
		if _, err := os.Stat(filepath.Join(parent, name)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is still there", name)
		}
	}
	for _, name := range kept {
		if _, err := os.Stat(filepath.Join(parent, name)); err != nil {
			t.Error(err)
		}
	}
}
