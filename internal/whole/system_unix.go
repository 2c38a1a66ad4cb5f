//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package whole

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	nonblock = syscall.O_NONBLOCK
	nofollow = syscall.O_NOFOLLOW | nonblock
)

// errLocked says that another process holds a lock.
var errLocked = syscall.EWOULDBLOCK

// tryLock locks a file until it is closed, or returns errLocked. Another error says
// that there are no locks here.
func tryLock(f *os.File) error {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err != syscall.EINTR {
			return err
		}
	}
}

// MayWrite says whether this process may write to what is at path.
func MayWrite(path string) bool { return unix.Access(path, unix.W_OK) == nil }

// isMounted says whether a rename has failed since one of the two is of another file
// system, or of another layer of this one.
func isMounted(err error) bool {
	return errors.Is(err, syscall.EXDEV) || errors.Is(err, syscall.EBUSY)
}

// umask is that of the process when it began: it cannot be asked for without changing
// it for a moment.
var umask = func() fs.FileMode {
	mask := syscall.Umask(0o077)
	syscall.Umask(mask)
	return fs.FileMode(mask)
}()

// keepOwner gives a file the owner and the group of another, and says whether its
// group is that now.
func keepOwner(path string, of fs.FileInfo) (sameGroup bool) {
	want, ok := of.Sys().(*syscall.Stat_t)
	if !ok {
		return true
	}
	info, err := os.Stat(path)
	if err != nil {
		return false
	}
	if got := info.Sys().(*syscall.Stat_t); got.Uid == want.Uid && got.Gid == want.Gid {
		return true
	}
	if os.Chown(path, int(want.Uid), int(want.Gid)) == nil {
		return true
	}
	return os.Chown(path, -1, int(want.Gid)) == nil // which a user may where it is one of theirs
}
