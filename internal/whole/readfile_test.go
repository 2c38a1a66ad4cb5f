package whole

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A pipe without a writer is refused at once, and so is what is larger than it may be.
func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	ok(t, os.WriteFile(filepath.Join(dir, "a"), []byte("abc"), 0o600))
	if text, err := ReadFile(filepath.Join(dir, "a"), 3); err != nil || string(text) != "abc" {
		t.Errorf("read %q, %v", text, err)
	}
	if _, err := ReadFile(filepath.Join(dir, "a"), 2); err == nil || !strings.Contains(err.Error(), "has 3 bytes, expected at most 2") {
		t.Errorf("got %v", err)
	}
	if _, err := ReadFile(filepath.Join(dir, "b"), 2); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if err := exec.Command("mkfifo", filepath.Join(dir, "pipe")).Run(); err != nil {
		t.Skip(err)
	}
	if _, err := ReadFile(filepath.Join(dir, "pipe"), 2); err == nil || !strings.Contains(err.Error(), "is a named pipe") {
		t.Errorf("got %v", err)
	}
}
