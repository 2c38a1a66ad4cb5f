package whole

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// asWriter in the environment makes the test's program one that writes a file to the
// path there and waits, to be killed.
const asWriter = "WHOLE_TEST_AS_WRITER"

func TestMain(m *testing.M) {
	if path := os.Getenv(asWriter); path != "" {
		f, err := Create(path)
		if err != nil {
			panic(err)
		}
		folder, err := NewFolder(path, "1.png", "2.png")
		if err != nil {
			panic(err)
		}
		scratch, err := Scratch(filepath.Dir(path))
		if err != nil {
			panic(err)
		}
		if _, err := Lock(path); err != nil {
			panic(err)
		}
		write(f.File)
		write(scratch)
		for _, name := range []string{ModelFile, "1.png"} {
			if err := os.WriteFile(filepath.Join(folder.New(), name), []byte("half"), 0o600); err != nil {
				panic(err)
			}
		}
		os.Stdout.WriteString("ready\n")
		time.Sleep(time.Hour) // a select {} without other goroutines is a deadlock
	}
	os.Exit(m.Run())
}

func write(f *os.File) {
	if _, err := f.WriteString("half"); err != nil {
		panic(err)
	}
}

// names are those in a folder.
func names(t *testing.T, dir string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func only(t *testing.T, dir string, want ...string) {
	t.Helper()
	if got := names(t, dir); strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("the folder holds %q, expected %q", got, want)
	}
}

func content(t *testing.T, path, want string) {
	t.Helper()
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("%s holds %q, %v, expected %q", filepath.Base(path), got, err, want)
	}
}

func ok(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// While it is written a file has no name that others know, and is for its owner alone.
func TestPendingIsPrivate(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out")
	ok(t, os.WriteFile(path, []byte("old"), 0o644))
	f, err := Create(path)
	ok(t, err)
	_, err = f.WriteString("new")
	ok(t, err)
	for _, name := range names(t, dir) {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || name != "out" && info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, %v", name, info.Mode(), err)
		}
	}
	content(t, path, "old")
	ok(t, f.Commit())
	f.Abort()
	content(t, path, "new")
	if f.Commit() == nil {
		t.Error("it was committed twice")
	}
	only(t, dir, "out")
	f, err = Create(path)
	ok(t, err)
	f.Abort()
	content(t, path, "new")
	only(t, dir, "out")
}

// An older file's mode is kept, a new one obeys the umask.
func TestModes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out")
	ok(t, WriteFile(path, nil))
	like := filepath.Join(t.TempDir(), "like")
	ok(t, os.WriteFile(like, nil, 0o666))
	a, errA := os.Stat(path)
	b, errB := os.Stat(like)
	ok(t, errA, errB)
	if a.Mode() != b.Mode() {
		t.Errorf("a new file has mode %v, by the umask it is %v", a.Mode(), b.Mode())
	}
	for _, mode := range []fs.FileMode{0o600, 0o640, 0o666, 0o755} {
		ok(t, os.Chmod(path, mode), WriteFile(path, []byte("x")))
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("a file of mode %v has %v then, %v", mode, info.Mode(), err)
		}
	}
	if os.Getuid() == 0 {
		ok(t, os.Chown(path, 65534, 65533), os.Chmod(path, 0o640), WriteFile(path, []byte("y")))
		info, err := os.Stat(path)
		ok(t, err)
		if owner := info.Sys().(*syscall.Stat_t); owner.Uid != 65534 || owner.Gid != 65533 || info.Mode().Perm() != 0o640 {
			t.Errorf("its owner is %d, its group %d, its mode %v then", owner.Uid, owner.Gid, info.Mode())
		}
	}
}

// Links stay, also those that lead nowhere yet, and so does what is no plain file.
func TestLinksAndDevices(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	ok(t, os.Mkdir(in("sub"), 0o755), os.Symlink("sub", in("linked")), os.Symlink("../target", in("sub/link")),
		os.Symlink("fresh", in("dangling")), os.Symlink("b", in("a")), os.Symlink("a", in("b")))
	ok(t, WriteFile(in("linked/link"), []byte("1")), WriteFile(in("dangling"), []byte("2")))
	content(t, in("target"), "1")
	content(t, in("fresh"), "2")
	if err := WriteFile(in("a"), nil); err == nil {
		t.Error("a circle was written to")
	}
	if err := WriteFile(in("sub"), nil); err == nil || !strings.Contains(err.Error(), "it is a folder: name a file in it") {
		t.Errorf("got %v", err)
	}
	if err := WriteFile(in("none/x"), nil); err == nil || !strings.Contains(err.Error(), "there is no folder "+in("none")+": make it, or name another") {
		t.Errorf("got %v", err)
	}
	if err := Check(in(strings.Repeat("x", 300))); err == nil {
		t.Error("a name that is too long was found good")
	}
	ok(t, syscall.Mkfifo(in("pipe"), 0o600), Check(in("pipe"))) // and does not wait
	end, err := os.OpenFile(in("pipe"), os.O_RDWR, 0)
	ok(t, err)
	defer end.Close()
	ok(t, WriteFile(in("pipe"), []byte("x")))
	if info, err := os.Lstat(in("pipe")); err != nil || info.Mode()&fs.ModeNamedPipe == 0 {
		t.Errorf("the pipe was replaced: %v", err)
	}
	only(t, dir, "a", "b", "dangling", "fresh", "linked", "pipe", "sub", "target")
}

// A folder that is there and takes nothing is not called missing, and no name of ours is
// told.
func TestFolderThatTakesNothing(t *testing.T) {
	shut := t.TempDir()
	ok(t, os.Chmod(shut, 0o500))
	for _, dir := range []string{"/proc", "/proc/self", "/sys", shut} {
		if info, err := os.Stat(dir); err != nil || !info.IsDir() || dir == shut && os.Geteuid() == 0 {
			continue // not every system has it, and root may write to any other
		}
		_, err := NewFolder(filepath.Join(dir, "model"))
		for _, err := range []error{err, Check(filepath.Join(dir, "o.csv")), MakeFolders(filepath.Join(dir, "a", "b"))} {
			if err == nil || !strings.HasPrefix(err.Error(), "the folder "+dir+" ") || strings.Contains(err.Error(), "pending") {
				t.Errorf("got %v", err)
			}
		}
	}
}

// What lies under a file is told by the file.
func TestUnderAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	ok(t, os.WriteFile(file, nil, 0o644))
	want := file + " is a file, expected a folder: name another"
	for _, err := range []error{MakeFolders(file), MakeFolders(filepath.Join(file, "a", "b")), Check(filepath.Join(file, "o.csv")), Check(filepath.Join(file, "a", "o.csv"))} {
		if err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// Opening what is no plain file ends at once.
func TestOpenDoesNotWait(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	ok(t, syscall.Mkfifo(pipe, 0o600))
	if _, _, err := Open(pipe); err == nil || !strings.Contains(err.Error(), "is a named pipe, expected a plain file") {
		t.Errorf("got %v", err)
	}
	if _, _, err := Open(t.TempDir()); err == nil || !strings.Contains(err.Error(), "is a folder") {
		t.Errorf("got %v", err)
	}
}

// A file that is a mount of its own is written over in place; where that fails it keeps
// what it had.
func TestMountedFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out")
	ok(t, os.WriteFile(path, []byte("old and long"), 0o640))
	before, err := os.Stat(path)
	ok(t, err)
	defer func() { rename = os.Rename }()
	for _, why := range []syscall.Errno{syscall.EBUSY, syscall.EXDEV} {
		rename = func(string, string) error { return why }
		ok(t, WriteFile(path, []byte(why.Error())))
		content(t, path, why.Error())
		after, err := os.Stat(path)
		ok(t, err)
		if !os.SameFile(before, after) || after.Mode() != before.Mode() {
			t.Error("it is another file")
		}
		only(t, dir, "out")
	}
	rename = func(string, string) error { return syscall.EIO }
	if err := WriteFile(path, []byte("x")); !errors.Is(err, syscall.EIO) {
		t.Errorf("got %v", err)
	}
	only(t, dir, "out")
}

// What a killed process left goes with the next file, what a living one has waiting
// stays, and so does all that is not ours.
func TestSweep(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out")
	neighbours := []string{".flow-lock-0123456789abcdef-00000000", ".flow-pending-", ".flow-pending-0123456789abcdef-00000000", ".out123"}
	for _, name := range neighbours {
		ok(t, os.WriteFile(filepath.Join(dir, name), []byte("mine"), 0o600))
	}
	// A folder that has a name of ours, with what is not ours in it.
	strange := filepath.Join(dir, newName())
	ok(t, os.MkdirAll(filepath.Join(strange, "new"), 0o755), os.WriteFile(filepath.Join(strange, "new", "x"), nil, 0o600))
	self, err := os.Executable()
	ok(t, err)
	writer := exec.Command(self)
	writer.Env = append(os.Environ(), asWriter+"="+path)
	out, err := writer.StdoutPipe()
	ok(t, err, writer.Start())
	_, err = out.Read(make([]byte, 6))
	ok(t, err)
	waiting := len(names(t, dir))
	if _, err := Lock(path); err != ErrLocked {
		t.Errorf("the lock of another process: got %v", err)
	}
	swept.Clear()
	ok(t, WriteFile(path, []byte("x")))
	if got := len(names(t, dir)); got != waiting+1 || waiting != len(neighbours)+1+3 {
		t.Errorf("of %d that wait %d are there", waiting, got-1)
	}
	ok(t, writer.Process.Kill())
	writer.Wait() //nolint:errcheck // it was killed
	swept.Clear()
	ok(t, WriteFile(path, []byte("y")))
	only(t, dir, append(append([]string{}, neighbours[:3]...), filepath.Base(strange), neighbours[3], "out")...)
	ok(t, os.Remove(filepath.Join(strange, "new", "x")))
	for _, name := range neighbours {
		content(t, filepath.Join(dir, name), "mine")
	}
}

// A folder whose process was killed while it wrote the marker is swept, another's is not.
func TestMarkersThatWereBegun(t *testing.T) {
	for text, stays := range map[string]bool{"": false, "norm": false, markerText: false, markerText + "ou": false, "mine": true, markerText + "o\nmine\nou\n ": false} {
		dir := t.TempDir()
		begun := filepath.Join(dir, newName())
		ok(t, os.Mkdir(begun, 0o700), os.WriteFile(filepath.Join(begun, markerFile), []byte(text), 0o600))
		ok(t, WriteFile(filepath.Join(dir, "out"), nil))
		if stays {
			only(t, dir, filepath.Base(begun), "out")
		} else {
			only(t, dir, "out")
		}
	}
}

// At the end of a process all that waits goes, and nothing more is put anywhere.
func TestAbortAll(t *testing.T) {
	defer func() { live.ended = false }()
	dir := t.TempDir()
	path := filepath.Join(dir, "out")
	f, err := Create(path)
	ok(t, err)
	folder, err := NewFolder(path)
	ok(t, err, os.WriteFile(filepath.Join(folder.New(), WeightsFile), nil, 0o600))
	unlock, err := Lock(path)
	ok(t, err)
	AbortAll()
	only(t, dir)
	if err := f.Commit(); err == nil {
		t.Error("a file was put in its place after the end")
	}
	if _, err := Create(path); err == nil {
		t.Error("a file was begun after the end")
	}
	unlock()
	folder.Remove() //nolint:errcheck // it is gone
	only(t, dir)
}
