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
		}
	})
}

// interruptedAt saves model 2 and ends before the step of that number, unless there
// are fewer.
func interruptedAt(t *testing.T, step int, dir string) (was bool) {
	t.Helper()
	pending, err := whole.NewFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	s := numbered(t, 2)
	d, err := s.description()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.writeFiles(pending.New(), d); err != nil {
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

// A folder that cannot be renamed, a mount or one in another layer of the file system,
// has its files replaced, and at any failure keeps the old ones.
func TestFolderThatStays(t *testing.T) {
	for _, why := range []syscall.Errno{syscall.EXDEV, syscall.EBUSY} {
		rename = func(string, string) error { return why }
		defer func() { rename, copyFile = os.Rename, whole.Copy }()
		dir := filepath.Join(t.TempDir(), "model")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := numbered(t, 1).Write(dir); err != nil { // into an empty one
			t.Fatal(err)
		}
		before, err := os.Stat(dir)
		if err != nil {
			t.Fatal(err)
		}
		for fails := range 2 {
			copies := 0
			copyFile = func(from, to string) error {
				if copies++; copies > fails {
					return syscall.ENOSPC
				}
				return whole.Copy(from, to)
			}
			if err := numbered(t, 2).Write(dir); !errors.Is(err, syscall.ENOSPC) {
				t.Errorf("got %v, want an error of the disk", err)
			}
			if n := number(t, dir); n != 1 {
				t.Errorf("found model %d", n)
			}
			onlyModel(t, dir)
		}
		copyFile = whole.Copy
		if err := numbered(t, 2).Write(dir); err != nil {
			t.Fatal(err)
		}
		after, err := os.Stat(dir)
		if n := number(t, dir); n != 2 || err != nil || !os.SameFile(before, after) || after.Mode().Perm() != 0o700 {
			t.Errorf("found model %d, %v", n, err)
		}
		onlyModel(t, dir)
	}
}

// Where no folder can be renamed, a new model comes too, or nothing of it.
func TestNewFolderWithoutRename(t *testing.T) {
	rename = func(string, string) error { return syscall.EXDEV }
	defer func() { rename, copyFile = os.Rename, whole.Copy }()
	dir := filepath.Join(t.TempDir(), "model")
	for fails := range 2 {
		copies := 0
		copyFile = func(from, to string) error {
			if copies++; copies > fails {
				return syscall.ENOSPC
			}
			return whole.Copy(from, to)
		}
		if err := numbered(t, 1).Write(dir); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("got %v, want an error of the disk", err)
		}
		if left, err := os.ReadDir(filepath.Dir(dir)); err != nil || len(left) != 0 {
			t.Errorf("leaves %v, %v", left, err)
		}
	}
	copyFile = whole.Copy
	if err := numbered(t, 1).Write(dir); err != nil || number(t, dir) != 1 {
		t.Error(err)
	}
	onlyModel(t, dir)
}

// Cut off between two files, it says where both models are.
func TestFolderThatStaysInterrupted(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "model")
	if err := numbered(t, 1).Write(dir); err != nil {
		t.Fatal(err)
	}
	rename = func(string, string) error { return syscall.EXDEV }
	copies := 0
	copyFile = func(from, to string) error {
		if copies++; copies > 1 {
			panic(killed{})
		}
		return whole.Copy(from, to)
	}
	defer func() { rename, copyFile = os.Rename, whole.Copy }()
	pending, err := whole.NewFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	s := numbered(t, 2)
	d, err := s.description()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.writeFiles(pending.New(), d); err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() { recover() }()
		replaceDir(pending, dir) //nolint:errcheck // it does not return
	}()
	if _, err := Read(dir); err == nil || !strings.Contains(err.Error(), pending.New()) || !strings.Contains(err.Error(), pending.Old()) {
		t.Errorf("got %v", err)
	}
	if a, b := number(t, pending.Old()), number(t, pending.New()); a != 1 || b != 2 {
		t.Errorf("beside are models %d and %d", a, b)
	}
}

// What others have beside a model, under whatever name, stays; so do folders that hold
// a model of another program.
func TestNeighboursStay(t *testing.T) {
	parent := t.TempDir()
	dir := filepath.Join(parent, "model")
	neighbours := []string{"model.new-12/x", "model.new-12.old/model.json", ".model.checkpoint7", "model.lock", "model.old/x",
		".flow-pending-0123456789abcdef-00000000/new/model.json", ".flow-pending-0123456789abcdef-00000001"}
	for _, name := range neighbours {
		path := filepath.Join(parent, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte("mine"), 0o644)); err != nil {
			t.Fatal(err)
		}
		long := time.Now().Add(-1000 * time.Hour)
		if err := errors.Join(os.Chtimes(path, long, long), os.Chtimes(filepath.Dir(path), long, long)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(numbered(t, 1).Write(dir), numbered(t, 2).Write(dir)); err != nil {
		t.Fatal(err)
	}
	for _, name := range neighbours {
		if got, err := os.ReadFile(filepath.Join(parent, name)); string(got) != "mine" {
			t.Errorf("%s holds %q, %v", name, got, err)
		}
	}
	for _, files := range []map[string]string{
		{"weights.safetensors": "theirs"},
		{"model.json": `{"format": "layers-model"}`},
		{"model.json": "{}", "weights.safetensors": "theirs"},
		{"other": ""},
	} {
		theirs := filepath.Join(t.TempDir(), "theirs")
		for name, content := range files {
			if err := errors.Join(os.MkdirAll(theirs, 0o755), os.WriteFile(filepath.Join(theirs, name), []byte(content), 0o644)); err != nil {
				t.Fatal(err)
			}
		}
		if err := numbered(t, 1).Write(theirs); err == nil || !strings.Contains(err.Error(), "holds something else than a model") {
			t.Errorf("%v: got %v", files, err)
		}
		for name, content := range files {
			if got, err := os.ReadFile(filepath.Join(theirs, name)); err != nil || string(got) != content {
				t.Errorf("%s holds %q, %v", name, got, err)
			}
		}
	}
}

// A model that takes another's place has its modes, and a new one obeys the umask.
func TestModesOfModels(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "model")
	mode := func(name string) os.FileMode {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return info.Mode().Perm()
	}
	if err := numbered(t, 1).Write(dir); err != nil {
		t.Fatal(err)
	}
	fresh := filepath.Join(t.TempDir(), "fresh")
	if err := errors.Join(os.Mkdir(fresh, 0o777), os.WriteFile(filepath.Join(fresh, "f"), nil, 0o666)); err != nil {
		t.Fatal(err)
	}
	folder, _ := os.Stat(fresh)
	file, _ := os.Stat(filepath.Join(fresh, "f"))
	if mode("") != folder.Mode().Perm() || mode("model.json") != file.Mode().Perm() || mode("weights.safetensors") != file.Mode().Perm() {
		t.Errorf("a new model has the modes %v, %v and %v", mode(""), mode("model.json"), mode("weights.safetensors"))
	}
	for name, m := range map[string]os.FileMode{"": 0o750, "model.json": 0o640, "weights.safetensors": 0o600} {
		if err := os.Chmod(filepath.Join(dir, name), m); err != nil {
			t.Fatal(err)
		}
	}
	if err := numbered(t, 2).Write(dir); err != nil {
		t.Fatal(err)
	}
	if mode("") != 0o750 || mode("model.json") != 0o640 || mode("weights.safetensors") != 0o600 {
		t.Errorf("then it has the modes %v, %v and %v", mode(""), mode("model.json"), mode("weights.safetensors"))
	}
}
