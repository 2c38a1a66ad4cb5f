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

// A folder cannot be renamed onto another one. [Saved.Write] therefore writes the model
// to a temporary folder beside MODEL, syncs it to the disk, and exchanges the two
// folders in one step: a reader, or a power cut, finds either the old model or the new
// one. File systems without exchange (NFS, FAT) need two renames, and for a moment the
// old model is only in a third place. A folder that cannot be renamed at all, because
// it is a mount or in a lower layer of a container's image, has its files replaced one
// by one, after a copy of the old ones is made. If one of these two ways is
// interrupted, both models are whole beside MODEL; [Read] reports it and names them.
var (
	exchange = exchangePaths // variables for the tests
	rename   = os.Rename
)

// replaceDir moves the content of the pending folder to dir, which is a folder or does
// not exist. Other processes may do the same at the same time; the last one wins.
func replaceDir(f *whole.Folder, dir string) error {
	const attempts = 100 // each fails only if another process was faster
	var err error
	for range attempts {
		// To a missing or empty folder.
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
		case err == nil: // the old content goes with the pending folder
			return syncDir(filepath.Dir(dir))
		case errors.Is(err, syscall.EXDEV), errors.Is(err, syscall.EBUSY):
			return replaceFiles(f, dir)
		case errors.Is(err, syscall.EINVAL), errors.Is(err, syscall.ENOSYS), errors.Is(err, errors.ErrUnsupported):
			done, err := replaceInTwo(f, dir)
			if done || err != nil {
				return err
			}
		case !errors.Is(err, fs.ErrNotExist): // dir has disappeared meanwhile
			return err
		}
	}
	return fmt.Errorf("other processes write there all the time: %w", err)
}

// replaceInTwo replaces dir in two renames, for file systems without exchange. done is
// false if another process was faster.
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
		if rename(f.Old(), dir) == nil { // put it back
			return false, err
		}
		// Another process has put its model there, so the old one is no longer needed.
		return false, f.DropOld()
	}
	return true, syncDir(filepath.Dir(dir))
}

// replaceFiles replaces the files one by one, for a folder that cannot be renamed. If
// it fails, it puts the old files back.
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
				os.Remove(filepath.Join(dir, weightsFile)) //nolint:errcheck // the first error matters
				os.Remove(dir)                             //nolint:errcheck // likewise
			}
			return err
		}
	}
	return syncDir(dir)
}

var copyFile = whole.Copy // tests set it

// syncDir syncs the names in a folder to the disk, where the system supports that.
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
