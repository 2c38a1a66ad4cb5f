package table

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Until Commit the old file stands, and Abort leaves it and nothing else.
func TestAbort(t *testing.T) {
	for _, name := range []string{"a.csv.gz", "a.npz", "a.npy", "a.parquet"} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
			t.Fatal(err)
		}
		t.Setenv("TMPDIR", t.TempDir())
		w, err := Create(path, nil, []string{"x"}, Dialect{})
		if err != nil {
			t.Fatal(err)
		}
		for range 100000 {
			if err := w.Write(nil, []float64{1}); err != nil {
				t.Fatal(err)
			}
		}
		w.Abort()
		if err := w.Commit(); err == nil {
			t.Errorf("%s: was committed after Abort", name)
		}
		if got := string(must(os.ReadFile(path))); got != "old" {
			t.Errorf("%s: the old file was changed", name)
		}
		onlyFile(t, path)
		if left := must(os.ReadDir(os.Getenv("TMPDIR"))); len(left) > 0 {
			t.Errorf("%s: %v is left among the temporary files", name, left)
		}
	}
}

func TestCreateRefuses(t *testing.T) {
	dir := t.TempDir()
	for path, want := range map[string]string{
		dir:                                  "it is a folder: name a file in it",
		filepath.Join(dir, "no", "a.csv"):    "make it, or name another",
		"/dev/null/a.csv":                    "/dev/null is a device, expected a folder: name another",
		filepath.Join(dir, "twice", "a.csv"): "make it, or name another",
	} {
		if _, err := Create(path, nil, []string{"x"}, Dialect{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", path, err, want)
		}
	}
	if _, err := Create(filepath.Join(dir, "a.csv"), []Column{{Name: "log_prob"}}, []string{"log_prob"}, Dialect{}); err == nil || !strings.Contains(err.Error(), `columns 1 and 2 are both called "log_prob"`) {
		t.Error(err)
	}
	if _, err := Create(filepath.Join(dir, "a.csv"), nil, []string{"x"}, Dialect{DecimalComma: true}); err == nil {
		t.Error("a comma served twice")
	}
	if left := must(os.ReadDir(dir)); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}

// What is no plain file is written to, not replaced; a link keeps pointing where
// it did. (A pipe in a folder of the test's own stands for /dev/null: a broken
// Create, run by root, would replace that.)
func TestDevicesAndLinks(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip("needs named pipes: ", err)
	}
	end := must(os.OpenFile(pipe, os.O_RDWR, 0)) // so that opening one end does not wait for the other
	defer end.Close()
	w, err := Create(pipe, nil, []string{"x"}, Dialect{})
	if err == nil {
		err = w.Write(nil, []float64{1})
	}
	if err == nil {
		err = w.Commit()
	}
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(pipe); err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		t.Fatal("the pipe was replaced")
	}
	got := make([]byte, 4)
	if _, err := io.ReadFull(end, got); err != nil || string(got) != "x\n1\n" {
		t.Errorf("got %q, %v", got, err)
	}
	target, link := filepath.Join(dir, "target.csv"), filepath.Join(dir, "link.csv")
	if err := os.WriteFile(target, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	w = must(Create(link, nil, []string{"x"}, Dialect{}))
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	if info := must(os.Lstat(link)); info.Mode().IsRegular() || string(must(os.ReadFile(target))) != "x\n" {
		t.Error("the link was replaced")
	}
}

// A file that the standard output is appended to is not replaced, by whatever name.
func TestStandardOutput(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, []byte("old\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	stdout := os.Stdout
	defer func() { os.Stdout = stdout }()
	os.Stdout = must(os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0))
	defer os.Stdout.Close()
	for _, name := range []string{"-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"} {
		w := must(Create(name, nil, []string{"x"}, Dialect{}))
		if err := w.Commit(); err != nil {
			t.Fatal(err)
		}
	}
	if got := string(must(os.ReadFile(path))); got != "old\nx\nx\nx\nx\n" {
		t.Errorf("got %q", got)
	}
}

// A disk that is full is an error, also where a buffer hid it until the end.
func TestFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("needs /dev/full")
	}
	for name, start := range map[string]func() (sink, error){
		"CSV": func() (sink, error) { return newCSVSink(full, []string{"x"}, Dialect{Delimiter: ','}, nil) },
		"gzip": func() (sink, error) {
			return newCSVSink(full, []string{"x"}, Dialect{Delimiter: ','}, must(formatOf("a.gz")).pack)
		},
		"NPY":     func() (sink, error) { return newNPYSink(full, nil, 1) },
		"NPZ":     func() (sink, error) { return newNPZSink(full, nil, []string{"x"}) },
		"Parquet": func() (sink, error) { return newParquetSink(full, nil, []string{"x"}, nil) },
	} {
		s, err := start()
		w := &Writer{name: "out", numbers: []string{"x"}, sink: s}
		if err == nil {
			err = w.Write(nil, []float64{1})
		}
		if err == nil {
			err = w.Commit()
		}
		if err == nil || !strings.Contains(err.Error(), "no space left") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
