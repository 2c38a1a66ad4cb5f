//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package whole

import (
	"errors"
	"io/fs"
	"os"
)

const nonblock, nofollow = 0, 0

var errLocked = errors.New("locked")

// tryLock reports that there are no locks on this system: nothing is swept.
func tryLock(*os.File) error { return errors.ErrUnsupported }

func isLocked(*os.File) bool { return false }

// MayWrite reports whether this process may write to what is at path.
func MayWrite(string) bool { return true }

func isMounted(error) bool { return false }

var umask = fs.FileMode(0o022)

func keepOwner(string, fs.FileInfo) bool { return true }

// IsLost reports whether a standard stream was closed; here that cannot be told.
func IsLost(*os.File) bool { return false }
