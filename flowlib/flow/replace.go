package flow

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"normflow/internal/whole"
)

// A folder cannot be renamed onto another. [Saved.Write] writes a model to a pending
// folder beside MODEL, has all of it on the disk, and lets that change places with
// MODEL in one step: whoever looks, or has the power cut, finds the old model or the
// new one. Where a file system cannot do so (NFS, FAT), the old one is aside for a
// moment. Where the folder cannot be renamed at all, since it is a mount or lies in
// another layer of the file system, as in a container's image, its files are replaced
// one by one, with a copy of the old ones aside. Cut off in these two, old and new lie
// whole beside MODEL: [Read] says so and names them.
var (
	exchange = exchangePaths // tests set both
	rename   = os.Rename
)

// replaceDir puts what is in the pending folder in the place of dir, which is missing
// or a folder, in the presence of others who do the same. The last one wins.
func replaceDir(f *whole.Folder, dir string) error {
	const attempts = 100 // each but the last is lost to another process
	var err error
	for range attempts {
		// Onto nothing, or an empty folder.
		err = whole.Place(func() error { return rename(f.New(), dir) })
		switch {
		case err == nil:
			return syncDir(filepath.Dir(dir))
		case errors.Is(err, syscall.EXDEV), errors.Is(err, syscall.EBUSY):
			return replaceFiles(f, dir)
		case !errors.Is(err, syscall.EEXIST) && !errors.Is(err, syscall.ENOTEMPTY) && !errors.Is(err, fs.ErrExist):
			return err
		}
		switch err = whole.Place(func() error { return exchange(f.New(), dir) }); {
		case err == nil: // what was in dir goes with the pending folder
			return syncDir(filepath.Dir(dir))
		case errors.Is(err, syscall.EXDEV), errors.Is(err, syscall.EBUSY):
			return replaceFiles(f, dir)
		case errors.Is(err, syscall.EINVAL), errors.Is(err, syscall.ENOSYS), errors.Is(err, errors.ErrUnsupported):
			done, err := replaceInTwo(f, dir)
			if done || err != nil {
				return err
			}
		case !errors.Is(err, fs.ErrNotExist): // dir has gone meanwhile
			return err
		}
	}
	return fmt.Errorf("other processes write there all the time: %w", err)
}

// replaceInTwo is the way without exchange. It is not done where another process
// was faster.
func replaceInTwo(f *whole.Folder, dir string) (done bool, err error) {
	if err := rename(dir, f.Old()); err != nil {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return false, nil
		case errors.Is(err, syscall.EXDEV), errors.Is(err, syscall.EBUSY):
			return true, replaceFiles(f, dir)
		}
		return false, err
	}
	if err := rename(f.New(), dir); err != nil {
		if rename(f.Old(), dir) == nil { // back again
			return false, err
		}
		// Another process has put its model there: the one aside is not wanted.
		return false, f.DropOld()
	}
	return true, syncDir(filepath.Dir(dir))
}

// replaceFiles is the way for a folder that cannot be renamed, or that nothing can be
// renamed to. If it fails, the old files are put back.
func replaceFiles(f *whole.Folder, dir string) error {
	files := []string{weightsFile, modelFile}
	err := os.Mkdir(dir, 0o777)
	isNew := err == nil
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := os.Mkdir(f.Old(), 0o700); err != nil {
		return err
	}
	var had []string
	for _, name := range files {
		err := whole.Copy(filepath.Join(dir, name), filepath.Join(f.Old(), name))
		if err == nil {
			had = append(had, name)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	for _, name := range files {
		if err := copyFile(filepath.Join(f.New(), name), filepath.Join(dir, name)); err != nil {
			for _, name := range had {
				err = errors.Join(err, whole.Copy(filepath.Join(f.Old(), name), filepath.Join(dir, name)))
			}
			if isNew {
				os.Remove(filepath.Join(dir, weightsFile)) //nolint:errcheck // the error before tells
				os.Remove(dir)                             //nolint:errcheck // as above
			}
			return err
		}
	}
	return syncDir(dir)
}

var copyFile = whole.Copy // tests set it

// syncDir has the names in a folder on the disk, where the system can do that.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return nil
}
