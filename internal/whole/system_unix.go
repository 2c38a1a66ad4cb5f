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

// errLocked means that another process holds a lock.
var errLocked = syscall.EWOULDBLOCK

// tryLock locks a file until it is closed, or returns errLocked. Any other error means
// that there are no locks here.
func tryLock(f *os.File) error { return flock(f, syscall.LOCK_EX) }

// isLocked reports whether another process has locked a file. It tries a shared lock,
// because on NFS an exclusive one needs a file that is open for writing.
func isLocked(f *os.File) bool { return flock(f, syscall.LOCK_SH) == errLocked }

func flock(f *os.File, how int) error {
	for {
		err := syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB)
		if err != syscall.EINTR {
			return err
		}
	}
}

// MayWrite reports whether this process may write to what is at path.
func MayWrite(path string) bool { return unix.Access(path, unix.W_OK) == nil }

// IsLost reports whether a standard stream is /dev/null, open for reading and writing. Go
// opens that at the start for a stream that was closed; shells redirect to /dev/null for
// writing only. Python's subprocess.DEVNULL is the same as what Go opens.
func IsLost(stream *os.File) bool {
	flags, err := unix.FcntlInt(stream.Fd(), unix.F_GETFL, 0)
	if err != nil || flags&unix.O_ACCMODE != unix.O_RDWR {
		return false
	}
	is, err := stream.Stat()
	null, err2 := os.Stat(os.DevNull)
	return err == nil && err2 == nil && os.SameFile(is, null)
}

// isMounted reports whether a rename failed because the two names are on different file
// systems, or layers of one.
func isMounted(err error) bool {
	return errors.Is(err, syscall.EXDEV) || errors.Is(err, syscall.EBUSY)
}

// umask is that of the process at its start: reading it changes it for a moment.
var umask = func() fs.FileMode {
	mask := syscall.Umask(0o077)
	syscall.Umask(mask)
	return fs.FileMode(mask)
}()

// keepOwner gives a file the owner and the group of another, and reports whether it now
// has that group.
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
	return os.Chown(path, -1, int(want.Gid)) == nil // allowed if the user is a member
}
