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

// Load reads a model that [Model.Save] wrote. It needs nothing but the folder,
// and gives the same LogProb bit for bit on the same backend. See [Read] for what
// is refused.
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

// ByHand returns the model in plain Go. The error names what the model has that
// package byhand does not.
func (s *Saved) ByHand() (*byhand.Flow[float64], error) {
	c, err := s.Config()
	if err != nil {
		return nil, err
	}
	return byHandOf(c, s.Weights)
}

// Read reads and checks the folder of a model. Files that are cut off, damaged or
// edited, that do not fit each other or are of a newer version, and weights that are
// not finite are refused with what is wrong. Nothing in the folder is followed out
// of it or executed, and sizes are checked before memory is taken.
//
// A checksum tells of accidents: who edits a file can make a new one.
//
// A mixture is for [ReadMixture].
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
	for attempt := 0; ; attempt++ {
		m, err := readOnce(dir)
		if err == nil {
			return m, nil
		}
		// While another process saves, what is read may go; and there is a moment
		// without a model where the file system cannot exchange folders. It may be
		// over before one has looked for its traces: what is missing is looked for
		// more than once.
		var moved movedError
		missing := errors.Is(err, fs.ErrNotExist)
		between := slices.ContainsFunc(whole.Folders(target), hasOld)
		if attempt < 20 && (errors.As(err, &moved) || between) || attempt < 4 && missing {
			time.Sleep(5 * time.Millisecond)
			continue
		}
		if between {
			return nil, fmt.Errorf("flow: loading %s: %w", show.Path(dir), interrupted(target))
		}
		return nil, fmt.Errorf("flow: loading %s: %w", show.Path(dir), noModel(dir, err))
	}
}

// noModel says in words that there is no model, where err comes of that.
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

// missingError is [fs.ErrNotExist] in other words.
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

// interrupted says what to do about a Write that was cut off while it replaced a model
// in more than one step.
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

// movedError is an error that arose while another process replaced the folder.
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
	text, err := io.ReadAll(io.LimitReader(model, maxDescription+1)) // it may have grown
	if err != nil {
		return nil, err
	}
	return parse(text, weights, weightsSize)
}

// openPlain opens a file, and nothing that could keep a reader waiting.
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
