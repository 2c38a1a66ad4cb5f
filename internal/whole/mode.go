package whole

import (
	"errors"
	"io/fs"
	"os"
)

// kept are the bits of a mode that are kept from what is replaced.
const kept = fs.ModePerm | fs.ModeSetgid | fs.ModeSticky

// keepMode gives a pending file the mode and the owner of what is at path, or what the
// umask leaves of 0666 where there is nothing.
func keepMode(f *os.File, path string) error {
	return KeepMode(f.Name(), path, 0o666)
}

// KeepMode gives what is at the path pending, a file or a folder, the mode and the
// owner of what is at path; where there is nothing, what the umask leaves of fresh.
func KeepMode(pending, path string, fresh fs.FileMode) error {
	mode := fresh &^ umask
	switch old, err := os.Stat(path); {
	case err == nil:
		mode = old.Mode() & kept
		if !old.IsDir() {
			mode &= fs.ModePerm
		}
		if !keepOwner(pending, old) { // whoever is in this file's group was not meant
			mode &^= 0o070
			mode |= old.Mode() & 0o007 << 3 & old.Mode()
		}
	case !errors.Is(err, fs.ErrNotExist):
		return err
	default:
		if now, err := os.Stat(pending); err == nil && now.IsDir() {
			mode |= now.Mode() & fs.ModeSetgid // of the folder above
		}
	}
	return os.Chmod(pending, mode)
}

// syncDir has the names in a folder on the disk, where the system can do that.
func syncDir(dir string) {
	if d, err := os.Open(dir); err == nil {
		d.Sync()  //nolint:errcheck // not every file system can
		d.Close() //nolint:errcheck // it was not written
	}
}

var rename = os.Rename // tests set it
