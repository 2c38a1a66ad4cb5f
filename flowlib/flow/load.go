package flow

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gomlx/compute"

	"normflow/flowlib/byhand"
	"normflow/internal/show"
	"normflow/internal/whole"
)

// Load reads a model written by [Model.Save]. On the same backend it gives the same
// LogProb, bit for bit. See [Read] for what it refuses.
func Load(backend compute.Backend, dir string) (*Model, error) {
	s, err := Read(dir)
	if err != nil {
		return nil, err
	}
	m, err := s.Model(backend)
	if err != nil {
		return nil, fmt.Errorf("flow: loading %s: %w", show.Path(dir), err)
	}
	return m, nil
}

// Model returns the model on a backend.
func (s *Saved) Model(backend compute.Backend) (*Model, error) {
	m, err := newModel(backend, s.design)
	if err != nil {
		return nil, err
	}
	return m, m.SetWeights(s.Weights)
}

// ByHand returns the model in plain Go. The error names the part of the model that
// package byhand does not support.
func (s *Saved) ByHand() (*byhand.Flow[float64], error) {
	c, err := s.Config()
	if err != nil {
		return nil, err
	}
	return byHandOf(c, s.Weights)
}

// Read reads and checks a model folder. It returns an error that says what is wrong if
// files are truncated, damaged, edited, inconsistent or of a newer version, or if a
// weight is not finite. It follows no link out of the folder and executes nothing, and
// it checks sizes before it allocates memory.
//
// The checksums detect accidents, not forgery: whoever edits a file can compute a new
// one.
//
// Read does not read mixtures; [ReadMixture] does.
func Read(dir string) (*Saved, error) {
	m, err := ReadMixture(dir)
	if err != nil {
		return nil, err
	}
	s, err := m.Single()
	if err != nil {
		return nil, fmt.Errorf("flow: loading %s: %w: read it by ReadMixture", show.Path(dir), err)
	}
	return s, nil
}

// ReadMixture is [Read] for a mixture of any number of flows.
func ReadMixture(dir string) (*Mixture, error) {
	target, err := whole.Follow(filepath.Clean(dir))
	if err != nil {
		return nil, fmt.Errorf("flow: loading %s: %w", show.Path(dir), err)
	}
	for tries, begin := 0, time.Now(); ; tries++ {
		m, err := readOnce(dir)
		if err == nil {
			return m, nil
		}
		// Another process may be saving: files can disappear or change while they are read,
		// and where the file system cannot exchange folders there is a moment without a
		// model, which is long on a busy machine. A save may also end before its traces are
		// seen. So wait for it, and try again if something is missing.
		var moved movedError
		saving := errors.As(err, &moved) || whole.IsSaving(target)
		between := slices.ContainsFunc(whole.Folders(target), hasOld)
		missing := errors.Is(err, fs.ErrNotExist)
		switch {
		case saving && time.Since(begin) < patience:
			tries = 0
		case saving:
			return nil, fmt.Errorf("flow: loading %s: another process has been saving here for %v: try again when it has ended", show.Path(dir), patience)
		case between && tries < 20, missing && tries < 4:
		case between:
			return nil, fmt.Errorf("flow: loading %s: %w", show.Path(dir), interrupted(target))
		default:
			return nil, fmt.Errorf("flow: loading %s: %w", show.Path(dir), noModel(dir, err))
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// patience is how long Read waits for others who save.
var patience = 10 * time.Second // tests set it

// noModel explains that dir holds no model, if that is the cause of err.
func noModel(dir string, err error) error {
	folder, missing := os.Stat(dir)
	_, file := os.Stat(filepath.Join(dir, modelFile))
	switch {
	case errors.Is(missing, fs.ErrNotExist) && errors.Is(err, fs.ErrNotExist):
		return missingError("there is no such folder: check the name")
	case missing == nil && !folder.IsDir():
		return errors.New("is a file, expected the folder of a model")
	case missing == nil && errors.Is(file, fs.ErrNotExist) && errors.Is(err, fs.ErrNotExist):
		return missingError("the folder holds no model: " + modelFile + " is not there")
	}
	return err
}

// missingError is [fs.ErrNotExist] with another text.
type missingError string

func (e missingError) Error() string { return string(e) }
func (e missingError) Unwrap() error { return fs.ErrNotExist }

func paths(all []string) string {
	shown := make([]string, len(all))
	for i, path := range all {
		shown[i] = show.Path(path)
	}
	return show.List(shown)
}

func hasOld(folder string) bool {
	_, err := os.Lstat(filepath.Join(folder, "old"))
	return err == nil
}

// interrupted explains how to recover from a Write that was interrupted while it
// replaced a model in several steps.
func interrupted(dir string) error {
	var old, fresh []string
	for _, folder := range whole.Folders(dir) {
		if hasOld(folder) {
			old = append(old, filepath.Join(folder, "old"))
		}
		if _, err := os.Lstat(filepath.Join(folder, "new", modelFile)); err == nil {
			fresh = append(fresh, filepath.Join(folder, "new"))
		}
	}
	return fmt.Errorf("saving was interrupted here: the old model lies in %s, and the new one in %s: move one of them to %s",
		paths(old), paths(fresh), show.Path(dir))
}

// movedError is an error that occurred while another process replaced the folder.
type movedError struct{ error }

func (e movedError) Unwrap() error { return e.error }

func readOnce(dir string) (*Mixture, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	m, err := readRoot(root)
	if err != nil {
		opened, errOpened := root.Stat(".")
		now, errNow := os.Stat(dir)
		if errOpened != nil || errNow != nil || !os.SameFile(opened, now) {
			return nil, movedError{err}
		}
	}
	return m, err
}

func readRoot(root *os.Root) (*Mixture, error) {
	model, size, err := openPlain(root, modelFile)
	if err != nil {
		return nil, err
	}
	defer model.Close()
	weights, weightsSize, err := openPlain(root, weightsFile)
	if err != nil {
		return nil, err
	}
	defer weights.Close()
	if size > maxDescription {
		return nil, fmt.Errorf("%s: the file has %d bytes, expected at most %d", modelFile, size, maxDescription)
	}
	text, err := io.ReadAll(io.LimitReader(model, maxDescription+1)) // the file may have grown
	if err != nil {
		return nil, err
	}
	return parse(text, weights, weightsSize)
}

// openPlain opens a regular file and refuses anything that could block a reader.
func openPlain(root *os.Root, name string) (*os.File, int64, error) {
	info, err := root.Stat(name)
	if err != nil {
		return nil, 0, err
	}
	if !info.Mode().IsRegular() {
		return nil, 0, fmt.Errorf("%s is no plain file", show.Path(name))
	}
	f, err := root.Open(name)
	return f, info.Size(), err
}
