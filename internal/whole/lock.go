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
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|nofollow, 0o600)
		if err != nil {
			return nil, err
		}
		if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
			f.Close() //nolint:errcheck // it was not written
			return nil, &fs.PathError{Op: "lock", Path: name, Err: fs.ErrInvalid}
		}
		if tryLock(f) == errLocked {
			f.Close() //nolint:errcheck // as above
			return nil, ErrLocked
		}
		if !hold(f) {
			f.Close() //nolint:errcheck // as above
			continue
		}
		f.WriteAt([]byte(kernel()), 0)                                  //nolint:errcheck // without it, others take it for theirs
		if err := enter(name, func() { os.Remove(name) }); err != nil { //nolint:errcheck // the next run tries again
			remove(f)
			return nil, err
		}
		return func() { remove(f) }, nil
	}
	return nil, ErrLocked
}
