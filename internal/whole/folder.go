package whole

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Folder is a temporary folder beside a target that is a folder too. It holds a marker
// file, locked by this process, and the next (New) or the previous (Old) contents of the
// target. Only files whose names are in the marker, or a model's, are ever removed from it.
type Folder struct {
	path   string
	marker *os.File
	files  []string
}

// The files of a model.
const (
	ModelFile   = "model.json"
	WeightsFile = "weights.safetensors"
)

const (
	markerFile = "flow-pending"
	markerText = "normflow: a folder that is being saved as\n" // then the name of the target and those of files, parted by zeros
	mostMarker = 1 << 26                                       // bytes
)

// NewFolder creates a Folder beside target. New is an empty folder, for the user alone, that
// may get the files of a model, and others if they are named.
func NewFolder(target string, files ...string) (*Folder, error) {
	parent := filepath.Dir(target)
	sweep(parent)
	const most = 1000 // sweeps by others that take it before it is locked
	for range most {
		f := &Folder{path: filepath.Join(parent, newName()), files: files}
		err := enter(f.path, func() error { return f.create(target) }, func() {
			if _, err := os.Lstat(f.Old()); err != nil { // otherwise both are needed, see flow.Read
				removeFolder(f.path, files) //nolint:errcheck // the next run tries again
			}
		})
		if err == nil {
			return f, nil
		}
		if err != errTaken {
			return nil, err
		}
	}
	return nil, errors.New("other processes remove what is written there")
}

// errTaken means that another process swept or made what was to be created.
var errTaken = errors.New("taken by another process")

// create creates the folder with its marker and New, or nothing.
func (f *Folder) create(target string) error {
	err := os.Mkdir(f.path, 0o700)
	if errors.Is(err, fs.ErrExist) {
		return errTaken
	}
	if err != nil {
		return unwritable(filepath.Dir(f.path), err)
	}
	f.marker, err = os.OpenFile(filepath.Join(f.path, markerFile), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		return errTaken
	}
	if err == nil && !hold(f.marker) {
		f.marker.Close() //nolint:errcheck // it is gone
		return errTaken
	}
	if err == nil {
		_, err = f.marker.WriteString(markerText + strings.Join(append([]string{filepath.Base(target)}, f.files...), "\x00") + "\n")
	}
	if err == nil {
		err = os.Mkdir(f.New(), 0o700)
	}
	if err != nil {
		f.remove() //nolint:errcheck // the next run tries again
	}
	return err
}

// New returns the folder for the next contents of the target.
func (f *Folder) New() string { return filepath.Join(f.path, "new") }

// Old returns the folder for its previous contents, which does not exist yet.
func (f *Folder) Old() string { return filepath.Join(f.path, "old") }

// Remove removes the folder and the files it may hold. If there are other files it leaves
// these, and the error names them.
func (f *Folder) Remove() error {
	err := f.remove()
	leave(f.path, nil)
	return err
}

func (f *Folder) remove() error {
	err := removeFolder(f.path, f.files)
	if f.marker != nil {
		f.marker.Close() //nolint:errcheck // it is gone
	}
	return err
}

// Abandon releases the folder and leaves it as it is, like the end of the process.
func (f *Folder) Abandon() {
	f.marker.Close() //nolint:errcheck // its text has been written
	leave(f.path, nil)
}

// DropOld removes the previous contents of the target.
func (f *Folder) DropOld() error { return removeContents(f.Old(), f.files) }

func removeFolder(path string, files []string) error {
	if err := errors.Join(removeContents(filepath.Join(path, "new"), files), removeContents(filepath.Join(path, "old"), files)); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(path, markerFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	// Without its marker it is empty and may be swept by another process.
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// removeContents removes a folder, if it exists, with the files of a model, those named, and
// pending ones.
func removeContents(dir string, files []string) error {
	for _, name := range append([]string{ModelFile, WeightsFile}, files...) {
		if filepath.Base(name) != name { // of a marker that is not ours
			continue
		}
		if info, err := os.Lstat(filepath.Join(dir, name)); err == nil && info.Mode().IsRegular() {
			os.Remove(filepath.Join(dir, name)) //nolint:errcheck // then its folder cannot be removed either
		}
	}
	for _, left := range ours(dir) {
		sweepFile(left)
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// sweepFolder removes a folder that a killed process left, if the target is complete
// without it.
func sweepFolder(path string) {
	if _, err := os.Lstat(filepath.Join(path, "old")); err == nil || mayBeHeld(path) {
		return
	}
	if !removeLeft(path) {
		removeBegun(path)
		os.Remove(path) //nolint:errcheck // it is empty, or stays
	}
}

// removeBegun removes the marker of a folder if its process was killed before it had
// written all of it: there is nothing else in the folder.
func removeBegun(path string) {
	marker, err := openToLock(filepath.Join(path, markerFile))
	if err != nil {
		return
	}
	defer marker.Close()
	if tryLock(marker) != nil || !hold(marker) {
		return
	}
	text, err := io.ReadAll(io.LimitReader(marker, mostMarker))
	names, isOurs := strings.CutPrefix(string(text), markerText)
	if err == nil && (isOurs && !strings.HasSuffix(names, "\n") || strings.HasPrefix(markerText, string(text)) && !isOurs) {
		os.Remove(marker.Name()) //nolint:errcheck // the next run tries again
	}
}

// removeLeft removes a folder whose marker nobody has locked.
func removeLeft(path string) bool {
	marker, _, files := openMarker(path)
	if marker == nil {
		return false
	}
	defer marker.Close()
	if tryLock(marker) == nil && hold(marker) {
		removeFolder(path, files) //nolint:errcheck // the next run tries again
	}
	return true
}

// openMarker opens the marker of a folder, and returns the names of the target and of files.
func openMarker(path string) (marker *os.File, target string, files []string) {
	f, err := openToLock(filepath.Join(path, markerFile))
	if err != nil {
		return nil, "", nil
	}
	text, err := io.ReadAll(io.LimitReader(f, mostMarker))
	names, isOurs := strings.CutPrefix(string(text), markerText)
	if err == nil && isOurs && strings.HasSuffix(names, "\n") { // otherwise it was not written to its end
		all := strings.Split(strings.TrimSuffix(names, "\n"), "\x00") // no name has one
		return f, all[0], all[1:]
	}
	f.Close() //nolint:errcheck // it was only read
	return nil, "", nil
}

// Folders lists the temporary folders beside target of processes that are saving a model,
// or were killed while saving it.
func Folders(target string) (all []string) {
	for _, path := range ours(filepath.Dir(target)) {
		if marker, name, _ := openMarker(path); marker != nil {
			marker.Close() //nolint:errcheck // it was only read
			if name == filepath.Base(target) {
				all = append(all, path)
			}
		}
	}
	return all
}

// IsSaving reports whether a running process is saving a model at target.
func IsSaving(target string) bool {
	return slices.ContainsFunc(Folders(target), func(path string) bool {
		marker, err := openPlain(filepath.Join(path, markerFile))
		if err != nil {
			return false
		}
		defer marker.Close()
		return isLocked(marker)
	})
}

// SweepFolders removes those that killed processes left: target is complete.
func SweepFolders(target string) {
	for _, path := range Folders(target) {
		if !mayBeHeld(path) {
			removeLeft(path)
		}
	}
}

// Copy copies a file to disk, and moves the copy to the path to in one step.
func Copy(from, to string) error {
	in, err := openPlain(from)
	if err != nil {
		return err
	}
	defer in.Close()
	pending, err := create(filepath.Dir(to))
	if err != nil {
		return err
	}
	out := &File{File: pending, path: to}
	defer out.Abort()
	if _, err := io.Copy(out, in); err != nil {
		return err
	}
	return out.Commit()
}
