package whole

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Folder is a folder beside a target that is a folder too, a model's: it holds a file
// that says so, which this process has locked, and in it what shall be at the target
// (New) or was there (Old). Nothing else than a model's files is ever removed from it.
type Folder struct {
	path   string
	marker *os.File
}

// The files of a model, the only ones that are in a Folder.
const (
	ModelFile   = "model.json"
	WeightsFile = "weights.safetensors"
)

const (
	markerFile = "flow-pending"
	markerText = "normflow: a model that is being saved as\n" // then the target's name
)

// NewFolder makes one beside target, which obeys the umask; New is an empty folder.
func NewFolder(target string) (*Folder, error) {
	parent := filepath.Dir(target)
	sweep(parent)
	const most = 1000 // sweeps of others, each of which takes it before it is held
	for range most {
		f := &Folder{path: filepath.Join(parent, newName())}
		err := os.Mkdir(f.path, 0o700)
		if err != nil {
			return nil, unwritable(parent, err)
		}
		f.marker, err = os.OpenFile(filepath.Join(f.path, markerFile), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, fs.ErrNotExist) || err == nil && !hold(f.marker) {
			continue
		}
		if err == nil {
			_, err = f.marker.WriteString(markerText + filepath.Base(target) + "\n")
		}
		if err == nil {
			err = os.Mkdir(f.New(), 0o700)
		}
		if err == nil {
			err = enter(f.path, func() {
				if _, err := os.Lstat(f.Old()); err != nil { // else both are needed, see flow.Read
					removeFolder(f.path) //nolint:errcheck // the next run tries again
				}
			})
		}
		if err != nil {
			f.Remove() //nolint:errcheck // as above
			return nil, err
		}
		return f, nil
	}
	return nil, errors.New("other processes remove what is written there")
}

// New is the folder of what shall be at the target.
func (f *Folder) New() string { return filepath.Join(f.path, "new") }

// Old is the folder of what was there, which is not made.
func (f *Folder) Old() string { return filepath.Join(f.path, "old") }

// Remove removes it with the files that it may hold. If there are others they stay,
// and the error names them.
func (f *Folder) Remove() error {
	err := removeFolder(f.path)
	if f.marker != nil {
		f.marker.Close() //nolint:errcheck // it is gone
	}
	leave(f.path)
	return err
}

// DropOld removes what was at the target.
func (f *Folder) DropOld() error { return removeModel(f.Old()) }

func removeFolder(path string) error {
	if err := errors.Join(removeModel(filepath.Join(path, "new")), removeModel(filepath.Join(path, "old"))); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(path, markerFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Remove(path)
}

// removeModel removes a folder, where it is there, with a model's files and pending ones.
func removeModel(dir string) error {
	for _, name := range []string{ModelFile, WeightsFile} {
		if info, err := os.Lstat(filepath.Join(dir, name)); err == nil && info.Mode().IsRegular() {
			os.Remove(filepath.Join(dir, name)) //nolint:errcheck // then its folder cannot be removed
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

// sweepFolder removes a folder that a killed process has left, if the target is whole
// without it.
func sweepFolder(path string) {
	if _, err := os.Lstat(filepath.Join(path, "old")); err == nil {
		return
	}
	if !removeLeft(path) {
		os.Remove(path) //nolint:errcheck // it is empty, or stays
	}
}

// removeLeft removes a folder with a marker that nobody holds.
func removeLeft(path string) bool {
	marker, _ := openMarker(path)
	if marker == nil {
		return false
	}
	defer marker.Close()
	if tryLock(marker) == nil && hold(marker) {
		removeFolder(path) //nolint:errcheck // the next run tries again
	}
	return true
}

// openMarker opens that of a folder, and returns the name of the target.
func openMarker(path string) (marker *os.File, target string) {
	f, err := openPlain(filepath.Join(path, markerFile))
	if err != nil {
		return nil, ""
	}
	text, err := io.ReadAll(io.LimitReader(f, 1<<12))
	if n := len(text) - 1; err == nil && n >= len(markerText) && string(text[:len(markerText)]) == markerText {
		return f, string(text[len(markerText):n])
	}
	f.Close() //nolint:errcheck // it was not written
	return nil, ""
}

// Folders lists what processes that save a model at target, or were killed while they
// did, have beside it.
func Folders(target string) (all []string) {
	for _, path := range ours(filepath.Dir(target)) {
		if marker, name := openMarker(path); marker != nil {
			marker.Close() //nolint:errcheck // it was not written
			if name == filepath.Base(target) {
				all = append(all, path)
			}
		}
	}
	return all
}

// SweepFolders removes of these what killed processes have left: target is whole.
func SweepFolders(target string) {
	for _, path := range Folders(target) {
		removeLeft(path)
	}
}

// Copy copies a file, onto disk, and puts the copy at the path to in one step.
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
