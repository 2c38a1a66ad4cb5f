package whole

import (
	"errors"
	"io/fs"
	"os"
)

// kept are the mode bits taken over from what is replaced.
const kept = fs.ModePerm | fs.ModeSetgid | fs.ModeSticky

// keepMode gives a pending file the mode and the owner of the file at path, or what the
// umask leaves of 0666 if there is none.
func keepMode(f *os.File, path string) error {
	return KeepMode(f.Name(), path, 0o666)
}

// KeepMode gives the pending file or folder the mode and the owner of what is at path, or
// what the umask leaves of fresh if there is nothing.
func KeepMode(pending, path string, fresh fs.FileMode) error {
	mode := fresh &^ umask
	switch old, err := os.Stat(path); {
	case err == nil:
		mode = old.Mode() & kept
		if !old.IsDir() {
			mode &= fs.ModePerm
		}
		if !keepOwner(pending, old) { // another group would get permissions that were not meant for it
			mode &^= 0o070
			mode |= old.Mode() & 0o007 << 3 & old.Mode()
		}
	case !errors.Is(err, fs.ErrNotExist):
		return err
	default:
		if now, err := os.Stat(pending); err == nil && now.IsDir() {
			mode |= now.Mode() & fs.ModeSetgid // inherited from the folder above
		}
	}
	return os.Chmod(pending, mode)
}

// syncDir flushes the names in a folder to disk, if the system can.
func syncDir(dir string) {
	if d, err := os.Open(dir); err == nil {
		d.Sync()  //nolint:errcheck // not every file system can
		d.Close() //nolint:errcheck // it was not written
	}
}

var rename = os.Rename // tests set it
