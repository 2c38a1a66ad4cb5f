package whole

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// Pending files are named PREFIX, the kernel's and 10 random hexadecimal digits, a hyphen,
// and 8 digits computed from these, so that files of others are not mistaken for ours,
// whatever their names begin with.
const (
	pendingPrefix = ".flow-pending-"
	lockPrefix    = ".flow-lock-" // see [Lock]
)

func newName() string {
	var b [8 - kernelDigits/2]byte
	rand.Read(b[:]) //nolint:errcheck // it never fails
	digits := kernel() + hex.EncodeToString(b[:])
	return pendingPrefix + digits + "-" + check(digits)
}

// check computes the last digits from the others.
func check(digits string) string {
	sum := sha256.Sum256([]byte("normflow pending " + digits))
	return hex.EncodeToString(sum[:4])
}

// isOurs reports whether a name was made by newName or [Lock].
func isOurs(name string) bool {
	if digits, ok := strings.CutPrefix(name, lockPrefix); ok {
		return len(digits) == 16+1+8 && digits[16:] == "-"+check(digits[:16])
	}
	digits, ok := strings.CutPrefix(name, pendingPrefix)
	return ok && len(digits) == 16+1+8 && digits[16:] == "-"+check(digits[:16])
}

// create creates a pending file in the folder dir, locked by this process.
func create(dir string) (*os.File, error) {
	const most = 1000 // sweeps by others that take it before it is locked
	for range most {
		path := filepath.Join(dir, newName())
		var f *os.File
		err := enter(path, func() (err error) {
			f, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
			return err
		}, func() { os.Remove(path) }) //nolint:errcheck // the next run tries again
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err == errEnded {
			return nil, err
		}
		if err != nil {
			return nil, unwritable(dir, err)
		}
		if hold(f) {
			return f, nil
		}
		f.Close() //nolint:errcheck // it is gone
		leave(path, nil)
	}
	return nil, errors.New("other processes remove what is written there")
}

// hold locks a file that was opened by name, and reports whether it still has that name.
// On a file system without locks nobody removes what is not locked.
func hold(f *os.File) bool {
	if err := tryLock(f); err == errLocked {
		return false
	}
	mine, errMine := f.Stat()
	there, errThere := os.Lstat(f.Name())
	return errMine == nil && errThere == nil && os.SameFile(mine, there)
}

// remove closes a pending file and removes it.
func remove(f *os.File) {
	leave(f.Name(), func() { os.Remove(f.Name()) }) //nolint:errcheck // if it exists; otherwise the next run tries again
	f.Close()                                       //nolint:errcheck // its contents are discarded
}

var swept sync.Map // folders

// sweep removes what killed processes have left in a folder, once per process: files
// named by us that nobody has locked, on this machine or probably elsewhere.
func sweep(dir string) {
	if full, err := filepath.Abs(dir); err == nil {
		if _, was := swept.LoadOrStore(full, true); was {
			return
		}
	}
	for _, path := range ours(dir) {
		info, err := os.Lstat(path)
		switch {
		case err != nil:
		case info.IsDir():
			sweepFolder(path)
		case info.Mode().IsRegular():
			sweepFile(path)
		}
	}
}

// ours lists the files in a folder that are named by us.
func ours(dir string) (all []string) {
	d, err := os.Open(dir)
	if err != nil {
		return nil
	}
	defer d.Close()
	for {
		names, err := d.Readdirnames(1024)
		for _, name := range names {
			if isOurs(name) {
				all = append(all, filepath.Join(dir, name))
			}
		}
		if err != nil || len(names) == 0 {
			return all
		}
	}
}

func sweepFile(path string) {
	f, err := openToLock(path)
	if err != nil {
		return
	}
	defer f.Close()
	if strings.HasPrefix(filepath.Base(path), lockPrefix) && isOfAnother(f) || mayBeHeld(path) {
		return
	}
	if tryLock(f) == nil && hold(f) {
		os.Remove(path) //nolint:errcheck // the next run tries again
	}
}

// openPlain opens a regular file, not a link, without ever waiting.
func openPlain(path string) (*os.File, error) { return openAs(path, os.O_RDONLY) }

// openToLock is openPlain for writing, without which NFS locks no file, if that is allowed.
func openToLock(path string) (*os.File, error) {
	if f, err := openAs(path, os.O_RDWR); err == nil {
		return f, nil
	}
	return openPlain(path)
}

func openAs(path string, flag int) (*os.File, error) {
	f, err := os.OpenFile(path, flag|nofollow, 0)
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		f.Close() //nolint:errcheck // it was not read
		return nil, fs.ErrInvalid
	}
	return f, nil
}
