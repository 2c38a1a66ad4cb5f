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

	"normflow/internal/whole"
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
	s := &Saved{Training: []byte(strconv.Itoa(n))}
	if s.design, err = c.design(dtypes.Float32); err != nil {
		t.Fatal(err)
	}
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
		onlyModel(t, dir)
	})
}

// Whoever reads waits for one who saves slowly, in whatever way, and says so where it takes
// too long.
func TestReadingWaitsForSaving(t *testing.T) {
	for name, stays := range map[string]bool{"two steps": false, "file by file": true} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "model")
			if err := numbered(t, 1).Write(dir); err != nil {
				t.Fatal(err)
			}
			slow := make(chan bool) // closed while there is no whole model
			pause := func() {
				close(slow)
				time.Sleep(300 * time.Millisecond)
			}
			exchange = func(string, string) error { return syscall.EINVAL }
			rename = func(from, to string) error {
				if stays {
					return syscall.EXDEV
				}
				err := os.Rename(from, to)
				if from == dir {
					pause()
				}
				return err
			}
			copyFile = func(from, to string) error {
				err := whole.Copy(from, to)
				if filepath.Base(from) == weightsFile {
					pause()
				}
				return err
			}
			defer func(before time.Duration) {
				exchange, rename, copyFile, patience = exchangePaths, os.Rename, whole.Copy, before
			}(patience)
			for i, waits := range []bool{true, false} {
				slow = make(chan bool)
				if patience = time.Minute; !waits {
					patience = 50 * time.Millisecond
				}
				done := make(chan error, 1)
				go func() { done <- numbered(t, 2+i).Write(dir) }()
				<-slow
				if waits {
					if n := number(t, dir); n != 2 {
						t.Errorf("found model %d", n)
					}
				} else if _, err := Read(dir); err == nil || !strings.Contains(err.Error(), "another process has been saving here for 50ms: try again when it has ended") {
					t.Errorf("got %v", err)
				}
				if err := <-done; err != nil {
					t.Error(err)
				}
			}
		})
	}
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
				left := whole.Folders(dir)
				if len(left) != 1 {
					t.Fatalf("step %d: left are %v", step, left)
				}
				for sub, want := range map[string]int{"old": 1, "new": 2} {
					path := filepath.Join(left[0], sub)
					if err == nil || !strings.Contains(err.Error(), path) {
						t.Fatalf("step %d: got %v, which does not name %s", step, err, path)
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
			onlyModel(t, dir)
		}
	})
}

// secondBeside writes model 2 beside the folder that it is to replace.
func secondBeside(t *testing.T, dir string) *whole.Folder {
	t.Helper()
	pending, err := whole.NewFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	s, err := numbered(t, 2).alone()
	if err != nil {
		t.Fatal(err)
	}
	d, err := s.description()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.writeFiles(pending.New(), d); err != nil {
		t.Fatal(err)
	}
	return pending
}

// interruptedAt saves model 2 and ends before the step of that number, unless there
// are fewer.
func interruptedAt(t *testing.T, step int, dir string) (was bool) {
	t.Helper()
	pending := secondBeside(t, dir)
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
			pending.Abandon()
			was = true
		}
	}()
	if err := replaceDir(pending, dir); err != nil {
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
		if _, err := os.Stat(dir); to == dir && err != nil && filepath.Base(from) == "new" {
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
	onlyModel(t, dir)
}

// onlyModel fails if a save has left anything beside a model.
func onlyModel(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(dir))
	if err != nil || len(entries) != 1 {
		t.Errorf("beside the model are %v, %v", entries, err)
	}
}
