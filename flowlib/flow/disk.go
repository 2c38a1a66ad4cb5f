package flow

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"

	"normflow/flowlib/byhand"
	"normflow/internal/safetensors"
)

// FormatVersion of the folder that [Model.Save] writes. [Load] reads this
// version and all earlier ones. docs/format.md describes it.
const FormatVersion = 4

const (
	modelFile   = "model.json"
	weightsFile = "weights.safetensors"
)

// Saved is a model as it lies on disk, a folder of two files: model.json and
// weights.safetensors. It needs no backend; [Saved.Model] puts it on one.
type Saved struct {
	Config     Config
	DType      dtypes.DType    // Float32 or Float64
	Weights    []Weight        // as Config.Variables lists them, all finite
	Training   json.RawMessage // a record for readers, of any kind; nil if there is none
	Parameters int             // trained numbers

	// What [Read] has found; Write sets its own.
	Version       int    // of the format
	Library       string // that wrote it; "" before version 3
	SHA256        string // of model.json, as the file has it; "" before version 3
	WeightsSHA256 string // of weights.safetensors
}

// Save writes the model as a folder of two files, model.json and
// weights.safetensors; training, which may be nil, is kept in the JSON as a
// record. The folder is written beside and put in its place in one step, so that
// an interrupted Save leaves the old model whole. A model with a weight that is not
// finite is not saved.
func (m *Model) Save(dir string, training any) error {
	s, err := m.Saved(training)
	if err != nil {
		return err
	}
	return s.Write(dir)
}

// Saved returns the model, with a copy of its weights, as [Model.Save] writes it.
func (m *Model) Saved(training any) (*Saved, error) {
	s := &Saved{Config: m.Config, DType: m.DType, Parameters: m.NumParameters()}
	var err error
	if s.Weights, err = m.Weights(); err != nil {
		return nil, err
	}
	slices.SortFunc(s.Weights, func(a, b Weight) int { return strings.Compare(a.Path, b.Path) })
	if training != nil {
		if s.Training, err = json.Marshal(training); err != nil {
			return nil, fmt.Errorf("flow: the record of the training: %w", err)
		}
	}
	return s, nil
}

// Write is [Model.Save]. On an error there is nothing new, and the old model is whole.
func (s *Saved) Write(dir string) error {
	if err := s.write(dir); err != nil {
		return fmt.Errorf("flow: saving %s: %w", dir, err)
	}
	return nil
}

func (s *Saved) write(dir string) (err error) {
	variables, err := s.Config.Variables()
	if err != nil {
		return err
	}
	if err := checkWeights(variables, s.Weights); err != nil {
		return err
	}
	if dir, err = writable(dir); err != nil {
		return err
	}
	beside, err := os.MkdirTemp(filepath.Dir(dir), filepath.Base(dir)+besideMark)
	if err != nil {
		return err
	}
	defer os.RemoveAll(beside) // or what was in its place
	if err := os.Chmod(beside, 0o755); err != nil {
		return err
	}
	if err := s.writeFiles(beside, variables); err != nil {
		return err
	}
	if err := replaceDir(beside, dir); err != nil {
		return err
	}
	sweep(dir)
	return nil
}

// writable returns where dir leads, and makes the folders on the way there. What is
// there already must be a model and nothing else, since it goes.
func writable(dir string) (string, error) {
	dir = filepath.Clean(dir)
	if target, err := filepath.EvalSymlinks(dir); err == nil {
		dir = target // the link stays
	}
	switch info, err := os.Lstat(dir); {
	case errors.Is(err, fs.ErrNotExist):
		return dir, os.MkdirAll(filepath.Dir(dir), 0o755)
	case err != nil:
		return "", err
	case !info.IsDir():
		return "", errors.New("there is a file of that name: choose another, or remove it")
	}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return dir, nil // another Write has put the old model aside meanwhile
	}
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		if name := e.Name(); name != modelFile && name != weightsFile {
			return "", fmt.Errorf("the folder holds something else than a model, such as %q: choose another", name)
		}
	}
	return dir, nil
}

// writeFiles writes both files, down to the disk.
func (s *Saved) writeFiles(dir string, variables []Variable) error {
	var f safetensors.File
	for _, w := range s.Weights {
		t := safetensors.Float64(w.Path, w.Shape, w.Values)
		if s.DType == dtypes.Float32 {
			t = safetensors.Float32(w.Path, w.Shape, w.Values)
		}
		f.Tensors = append(f.Tensors, t)
	}
	if err := safetensors.Write(filepath.Join(dir, weightsFile), f); err != nil {
		return err
	}
	_, trained := numbers(variables)
	d := description{
		Format: formatName, Version: FormatVersion, Library: Library(),
		Config: s.Config, Masks: s.Config.masks(), DType: s.DType.String(), Parameters: trained, Training: s.Training,
	}
	content, err := os.ReadFile(filepath.Join(dir, weightsFile))
	if err != nil {
		return err
	}
	d.WeightsSHA256 = hexSum(content)
	text, err := d.text()
	if err != nil {
		return err
	}
	out, err := os.OpenFile(filepath.Join(dir, modelFile), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = out.Write(text)
	return errors.Join(err, out.Sync(), out.Close(), syncDir(dir))
}

// Library is this library with its version, as the program knows it that it is
// part of, such as "normflow v1.2.0", or "normflow (devel)".
func Library() string {
	const name, unknown = "normflow", "(devel)"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return name + " " + unknown
	}
	version := info.Main.Version
	for _, dep := range info.Deps {
		if dep.Path == name {
			version = dep.Version
		}
	}
	if version == "" {
		version = unknown
	}
	return name + " " + version
}

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
		return nil, fmt.Errorf("flow: loading %s: %w", dir, err)
	}
	return m, nil
}

// Model returns the model on a backend.
func (s *Saved) Model(backend compute.Backend) (*Model, error) {
	m, err := newModel(backend, s.Config, s.DType)
	if err != nil {
		return nil, err
	}
	return m, m.SetWeights(s.Weights)
}

// ByHand returns the model in plain Go. The error names what the model has that
// package byhand does not.
func (s *Saved) ByHand() (*byhand.Flow[float64], error) {
	return byHandOf(s.Config, s.Weights)
}

// Read reads and checks the folder of a model. Files that are cut off, damaged or
// edited, that do not fit each other or are of a newer version, and weights that are
// not finite are refused with what is wrong. Nothing in the folder is followed out
// of it or executed, and sizes are checked before memory is taken.
//
// A checksum tells of accidents: who edits a file can make a new one.
func Read(dir string) (*Saved, error) {
	for attempt := 0; ; attempt++ {
		s, err := readOnce(dir)
		if err == nil {
			return s, nil
		}
		// While another process saves, what is read may go; and there is a moment
		// without a model where the file system cannot exchange folders. It may be
		// over before one has looked for its traces: what is missing is looked for
		// more than once.
		var moved movedError
		missing := errors.Is(err, fs.ErrNotExist)
		between := missing && slices.ContainsFunc(leftovers(dir), isAside)
		if attempt < 20 && (errors.As(err, &moved) || between) || attempt < 4 && missing {
			time.Sleep(5 * time.Millisecond)
			continue
		}
		if _, missing := os.Stat(dir); between && errors.Is(missing, fs.ErrNotExist) {
			err = interrupted(dir)
		}
		return nil, fmt.Errorf("flow: loading %s: %w", dir, noModel(dir, err))
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

func isAside(path string) bool { return strings.HasSuffix(path, asideMark) }

// interrupted says what to do about a Write that was cut off between its two steps.
func interrupted(dir string) error {
	var old, fresh []string
	for _, path := range leftovers(dir) {
		if isAside(path) {
			old = append(old, path)
		} else {
			fresh = append(fresh, path)
		}
	}
	return fmt.Errorf("saving was interrupted here: the old model lies in %s, and the new one in %s: rename one of them to %s",
		strings.Join(old, ", "), strings.Join(fresh, ", "), dir)
}

// movedError is an error that arose while another process replaced the folder.
type movedError struct{ error }

func (e movedError) Unwrap() error { return e.error }

func readOnce(dir string) (*Saved, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	s, err := readRoot(root)
	if err != nil {
		opened, errOpened := root.Stat(".")
		now, errNow := os.Stat(dir)
		if errOpened != nil || errNow != nil || !os.SameFile(opened, now) {
			return nil, movedError{err}
		}
	}
	return s, err
}

func readRoot(root *os.Root) (*Saved, error) {
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
		return nil, 0, fmt.Errorf("%s is no plain file", name)
	}
	f, err := root.Open(name)
	return f, info.Size(), err
}
