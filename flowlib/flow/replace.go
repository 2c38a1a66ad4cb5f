package flow

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// A folder cannot be renamed onto another. [Saved.Write] writes a model to
// MODEL.new-NUMBER, has all of it on the disk, and lets that change places with
// MODEL in one step: whoever looks, or has the power cut, finds the old model or
// the new one. Where a file system cannot do so (NFS, FAT), the old one is aside
// for a moment, as MODEL.new-NUMBER.old. Cut off there, both lie whole beside
// MODEL, which is not there: [Read] says so and names them.
const (
	besideMark = ".new-"
	asideMark  = ".old"

	// staleAfter is the age at which what a killed Write left is removed.
	staleAfter = time.Hour
)

var (
	exchange = exchangePaths // tests set both
	rename   = os.Rename
)

// replaceDir puts the folder beside in the place of dir, which is missing or a
// folder, in the presence of others who do the same. The last one wins.
func replaceDir(beside, dir string) error {
	const attempts = 100 // each but the last is lost to another process
	var err error
	for range attempts {
		// Onto nothing, or an empty folder.
		if err = rename(beside, dir); err == nil {
			return syncDir(filepath.Dir(dir))
		}
		if !errors.Is(err, syscall.EEXIST) && !errors.Is(err, syscall.ENOTEMPTY) && !errors.Is(err, fs.ErrExist) {
			return err
		}
		switch err = exchange(beside, dir); {
		case err == nil: // what was in dir goes with beside, which the caller removes
			return syncDir(filepath.Dir(dir))
		case errors.Is(err, syscall.EINVAL), errors.Is(err, syscall.ENOSYS), errors.Is(err, errors.ErrUnsupported):
			done, err := replaceInTwo(beside, dir)
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
func replaceInTwo(beside, dir string) (done bool, err error) {
	aside := beside + asideMark
	if err := rename(dir, aside); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return false, nil
		}
		return false, err
	}
	if err := rename(beside, dir); err != nil {
		if rename(aside, dir) == nil { // back again
			return false, err
		}
		// Another process has put its model there: the one aside is not wanted.
		return false, os.RemoveAll(aside)
	}
	return true, errors.Join(syncDir(filepath.Dir(dir)), os.RemoveAll(aside))
}

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

// leftovers lists what interrupted Writes have left beside dir.
func leftovers(dir string) []string {
	entries, err := os.ReadDir(filepath.Dir(dir))
	if err != nil {
		return nil
	}
	var found []string
	for _, e := range entries {
		number, ok := strings.CutPrefix(e.Name(), filepath.Base(dir)+besideMark)
		number = strings.TrimSuffix(number, asideMark)
		if ok && e.IsDir() && number != "" && strings.Trim(number, "0123456789") == "" {
			found = append(found, filepath.Join(filepath.Dir(dir), e.Name()))
		}
	}
	return found
}

// sweep removes what a Write has left that was killed long ago. dir is whole.
func sweep(dir string) {
	for _, left := range leftovers(dir) {
		if info, err := os.Stat(left); err == nil && time.Since(info.ModTime()) > staleAfter {
			os.RemoveAll(left) //nolint:errcheck // the next Write tries again
		}
	}
}
