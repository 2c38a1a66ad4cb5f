package flow

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"normflow/internal/whole"
)

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
	pending := secondBeside(t, dir)
	func() {
		defer func() { recover() }()
		replaceDir(pending, dir) //nolint:errcheck // it does not return
	}()
	pending.Abandon()
	if _, err := Read(dir); err == nil || !strings.Contains(err.Error(), pending.New()) || !strings.Contains(err.Error(), pending.Old()) {
		t.Errorf("got %v", err)
	}
	if a, b := number(t, pending.Old()), number(t, pending.New()); a != 1 || b != 2 {
		t.Errorf("beside are models %d and %d", a, b)
	}
}

// A model under a file is refused by the file's name.
func TestModelUnderAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{filepath.Join(file, "m"), filepath.Join(file, "a", "m")} {
		if err := CheckWritable(dir); err == nil || !strings.Contains(err.Error(), file+" is a file, expected a folder: name another") {
			t.Errorf("got %v", err)
		}
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
