// Package whole writes files completely or not at all, and leaves nothing behind.
//
// A file is written beside its target under a temporary name, readable only by its owner
// and locked by the writing process (see names.go). A process that is ended by a signal
// can remove its pending files, see [AbortAll]; those of a killed process are unlocked,
// and removed when the next file is written to the folder.
package whole

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// File is a file being written. Nothing is at its path until Commit, and an older file
// there stays complete until then. What is not a regular file, such as a pipe or
// /dev/null, is written to directly.
type File struct {
	*os.File
	path   string // its path, links resolved; "" if it is written to directly
	isDone bool
}

// Create starts a file at path, where a link stays a link. An older file there keeps its
// mode, and its owner if possible; a new one obeys the umask. End with Commit or Abort.
func Create(path string) (*File, error) {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return nil, errors.New("it is a folder: name a file in it")
	case err == nil && !info.Mode().IsRegular():
		device, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return nil, err
		}
		return &File{File: device}, nil
	case err == nil && !MayWrite(path):
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrPermission}
	case errors.Is(err, syscall.ENOTDIR):
		return nil, underFile(filepath.Dir(path), err)
	case err != nil && !errors.Is(err, fs.ErrNotExist): // such as a name that is too long
		return nil, err
	}
	target, err := Follow(path)
	if err != nil {
		return nil, err
	}
	if err := outsideModels(target); err != nil {
		return nil, err
	}
	sweep(filepath.Dir(target))
	pending, err := create(filepath.Dir(target))
	if err != nil {
		return nil, err
	}
	return &File{File: pending, path: target}, nil
}

// Check returns the error that Create would return, and leaves nothing behind. It does
// not open what is not a regular file.
func Check(path string) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return nil
	}
	f, err := Create(path)
	if err != nil {
		return err
	}
	f.Abort()
	return nil
}

// IsPlain reports whether the target is a regular file, in which a writer can seek.
func (f *File) IsPlain() bool { return f.path != "" }

// Commit flushes the file to disk and moves it to its path.
func (f *File) Commit() error {
	if f.isDone {
		return fs.ErrClosed
	}
	f.isDone = true
	if f.path == "" {
		return f.Close()
	}
	err := f.Sync()
	if err == nil {
		err = keepMode(f.File, f.path)
	}
	if err == nil {
		err = place(f.File, f.path)
	}
	if err != nil {
		remove(f.File)
		return err
	}
	syncDir(filepath.Dir(f.path))
	return f.Close()
}

// Abort removes what was written. After Commit it does nothing.
func (f *File) Abort() {
	if f.isDone {
		return
	}
	f.isDone = true
	if f.path == "" {
		f.Close() //nolint:errcheck // its contents are discarded
		return
	}
	remove(f.File)
}

// WriteFile writes a complete file, see [Create].
func WriteFile(path string, content []byte) error {
	f, err := Create(path)
	if err != nil {
		return err
	}
	defer f.Abort()
	if _, err := f.Write(content); err != nil {
		return err
	}
	return f.Commit()
}

// Scratch returns a temporary file in the folder dir for what does not fit in memory. If
// the system allows it has no name, and disappears with the process. End with [Discard].
func Scratch(dir string) (*os.File, error) {
	f, err := create(dir)
	if err == nil && os.Remove(f.Name()) == nil {
		leave(f.Name(), nil)
	}
	return f, err
}

// Discard closes and removes a file that Scratch returned.
func Discard(f *os.File) { remove(f) }

// Follow returns where path leads, which need not exist.
func Follow(path string) (string, error) {
	const most = 40 // links, as on Linux
	for range most {
		info, err := os.Lstat(path)
		if err != nil || info.Mode()&fs.ModeSymlink == 0 {
			return path, nil // Create reports what is wrong with it
		}
		next, err := os.Readlink(path)
		if err != nil {
			return "", err
		}
		if !filepath.IsAbs(next) {
			// The link's name must not be cleaned: ".." of a linked folder is elsewhere.
			folder, err := filepath.EvalSymlinks(filepath.Dir(path))
			if err != nil {
				return "", err
			}
			next = filepath.Join(folder, next)
		}
		path = next
	}
	return "", errors.New("links lead in a circle")
}

// place renames a pending file to its path. If that is a file on another file system, as
// in some containers, it is overwritten in place; if this fails, the old contents are
// restored.
func place(pending *os.File, path string) error {
	err := Place(func() error { return rename(pending.Name(), path) })
	if err == nil {
		leave(pending.Name(), nil)
	}
	if err == nil || !isMounted(err) {
		return err
	}
	old, err := Scratch(filepath.Dir(pending.Name()))
	if err != nil {
		return err
	}
	defer Discard(old)
	target, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer target.Close()
	if _, err := io.Copy(old, target); err != nil {
		return err
	}
	err = Place(func() error {
		if err := overwrite(target, pending); err != nil {
			return errors.Join(err, overwrite(target, old))
		}
		return os.Remove(pending.Name())
	})
	if err == nil {
		leave(pending.Name(), nil)
	}
	return err
}

func overwrite(target, with *os.File) error {
	for _, f := range []*os.File{target, with} {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return err
		}
	}
	n, err := io.Copy(target, with)
	if err != nil {
		return err
	}
	return errors.Join(target.Truncate(n), target.Sync())
}

// Open opens a regular file for reading, and returns its size. It never waits, as it
// would for a writer of a named pipe.
func Open(path string) (*os.File, int64, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|nonblock, 0)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("is %s, expected a plain file", kind(info.Mode()))
	}
	if err != nil {
		f.Close() //nolint:errcheck // it was not written
		return nil, 0, err
	}
	return f, info.Size(), nil
}

// ReadFile reads a regular file of at most so many bytes. It never waits, as Open does not.
func ReadFile(path string, most int64) ([]byte, error) {
	f, size, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if size > most {
		return nil, fmt.Errorf("has %d bytes, expected at most %d", size, most)
	}
	return io.ReadAll(io.LimitReader(f, most))
}

// kind names the kind of a file.
func kind(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "a folder"
	case mode&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case mode.IsRegular():
		return "a file"
	}
	return "a device"
}
