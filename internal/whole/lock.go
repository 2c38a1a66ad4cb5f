package whole

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrLocked is returned by Lock if another process holds the lock.
var ErrLocked = errors.New("another process holds it")

// Lock keeps others away from path until unlock is called. The lock is a file beside
// path; if the process is killed, the file stays, and the next process removes it, but
// the lock is gone.
func Lock(path string) (unlock func(), err error) {
	target, err := Follow(path)
	if err != nil {
		return nil, err
	}
	dir, base := filepath.Split(target)
	sum := sha256.Sum256([]byte(base))
	digits := hex.EncodeToString(sum[:8])
	name := filepath.Join(dir, lockPrefix+digits+"-"+check(digits))
	sweep(filepath.Dir(target))
	const most = 1000 // times that others release it between two steps here
	for range most {
		var f *os.File
		err := enter(name, func() (err error) { f, err = takeLock(name); return err }, func() { os.Remove(name) }) //nolint:errcheck // the next run tries again
		if err == nil {
			return func() { remove(f) }, nil
		}
		if err != errTaken {
			return nil, err
		}
	}
	return nil, ErrLocked
}

// takeLock creates a lock's file, or takes the one that is there, and locks it.
func takeLock(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|nofollow, 0o600)
	if err != nil {
		return nil, err
	}
	if info, statErr := f.Stat(); statErr != nil || !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "lock", Path: name, Err: fs.ErrInvalid}
	} else if tryLock(f) == errLocked {
		err = ErrLocked
	} else if !hold(f) {
		err = errTaken
	}
	if err != nil {
		f.Close() //nolint:errcheck // it was not written
		return nil, err
	}
	f.WriteAt([]byte(kernel()), 0) //nolint:errcheck // without it, others take it for theirs
	return f, nil
}
