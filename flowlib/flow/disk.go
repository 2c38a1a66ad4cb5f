package flow

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"

	"normflow/internal/safetensors"
	"normflow/internal/show"
	"normflow/internal/whole"
)

// FormatVersion is the version of the folder that [Model.Save] writes. [Load] reads
// this version and all earlier ones. docs/format.md describes the format.
const FormatVersion = 8

// Versions for models that need no newer one, so that earlier programs can read them:
// a flow with a config, any single flow, a mixture, and one with categories.
const (
	configVersion     = 4
	flowVersion       = 5
	mixtureVersion    = 6
	categoriesVersion = 7
)

const (
	modelFile   = whole.ModelFile
	weightsFile = whole.WeightsFile
)

// Saved is a model as stored on disk, in a folder of two files: model.json and
// weights.safetensors. It needs no backend; [Saved.Model] puts it on one.
type Saved struct {
	design
	Weights    []Weight        // in the order of Variables, all finite
	Training   json.RawMessage // a record for readers, of any form; may be nil
	Parameters int             // number of trained parameters

	// Set by [Read]; Write ignores them and writes its own.
	Version       int    // format version
	Library       string // library that wrote the model; "" before version 3
	SHA256        string // of model.json, as stated in the file; "" before version 3
	WeightsSHA256 string // of weights.safetensors
}

// Save writes the model as a folder of two files, model.json and weights.safetensors.
// The JSON also keeps training, a record of any form, which may be nil. The folder is
// written under another name and renamed in one step, so an interrupted Save leaves the
// old model whole. Save returns an error if a weight is not finite.
func (m *Model) Save(dir string, training any) error {
	s, err := m.Saved(training)
	if err != nil {
		return err
	}
	return s.Write(dir)
}

// Saved returns the model as [Model.Save] writes it, with a copy of the weights.
func (m *Model) Saved(training any) (*Saved, error) {
	weights, err := m.Weights()
	if err != nil {
		return nil, err
	}
	s := &Saved{design: m.design, Weights: weights, Parameters: m.NumParameters()}
	slices.SortFunc(s.Weights, func(a, b Weight) int { return strings.Compare(a.Path, b.Path) })
	if training != nil {
		if s.Training, err = json.Marshal(training); err != nil {
			return nil, fmt.Errorf("flow: the record of the training: %w", err)
		}
	}
	return s, nil
}

// Write writes the model to a folder, as [Model.Save] does. If it fails, the old model
// is whole and nothing new is left behind.
func (s *Saved) Write(dir string) error {
	if err := s.write(dir); err != nil {
		return fmt.Errorf("flow: saving %s: %w", show.Path(dir), err)
	}
	return nil
}

func (s *Saved) write(dir string) error {
	m, err := s.alone()
	if err != nil {
		return err
	}
	return m.write(dir)
}

// alone is the mixture of s.
func (s *Saved) alone() (*Mixture, error) {
	if s.flow == nil {
		return nil, errEmpty
	}
	return &Mixture{Members: []Member{{Weight: 1, Saved: s}}, Training: s.Training}, nil
}

// Write saves a mixture as [Saved.Write] does a flow.
func (m *Mixture) Write(dir string) error {
	err := m.check()
	if err == nil {
		err = m.write(dir)
	}
	if err != nil {
		return fmt.Errorf("flow: saving %s: %w", show.Path(dir), err)
	}
	return nil
}

func (m *Mixture) write(dir string) (err error) {
	d, err := m.description()
	if err != nil {
		return err
	}
	if dir, err = writable(dir); err != nil {
		return err
	}
	pending, err := whole.NewFolder(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pending.Remove()) }() // and the old model that it may hold
	if err := m.writeFiles(pending.New(), d); err != nil {
		return err
	}
	if err := keepModes(pending.New(), dir); err != nil {
		return err
	}
	if err := replaceDir(pending, dir); err != nil {
		return err
	}
	whole.SweepFolders(dir)
	return nil
}

// keepModes gives the new model the modes and owners of the model it replaces.
func keepModes(fresh, dir string) error {
	for _, name := range []string{modelFile, weightsFile} {
		if err := whole.KeepMode(filepath.Join(fresh, name), filepath.Join(dir, name), 0o666); err != nil {
			return err
		}
	}
	return whole.KeepMode(fresh, dir, 0o777)
}

// CheckWritable returns the error that [Saved.Write] would return for the folder dir,
// so that it is known before training. It creates the parents of dir and nothing else.
func CheckWritable(dir string) error {
	target, err := writable(dir)
	if err == nil {
		var pending *whole.Folder
		if pending, err = whole.NewFolder(target); err == nil {
			err = pending.Remove()
		}
	}
	if err != nil {
		return fmt.Errorf("%s: no model can be saved here: %w", show.Path(dir), err)
	}
	return nil
}

// writable resolves links in dir and creates its parents. An existing dir must hold a
// model and nothing else, because Write replaces it.
func writable(dir string) (string, error) {
	dir, err := whole.Follow(filepath.Clean(dir))
	if base := filepath.Base(dir); err == nil && (base == "." || base == "..") {
		dir, err = filepath.Abs(dir)
	}
	if err != nil {
		return "", err
	}
	if whole.InModel(dir) {
		return "", errors.New("it lies in the folder of a model, which holds nothing else: choose another")
	}
	info, err := os.Lstat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return dir, whole.MakeFolders(filepath.Dir(dir))
	case err != nil:
		return "", err
	case !info.IsDir():
		return "", errors.New("there is a file of that name: choose another, or remove it")
	}
	if err := replaceable(dir); err != nil {
		if now, gone := os.Lstat(dir); gone != nil || !os.SameFile(info, now) {
			return dir, nil // another Write has just moved it aside, which has looked at it
		}
		return "", err
	}
	return dir, nil
}

// replaceable returns an error unless a folder is empty or that of a model.
func replaceable(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if name := e.Name(); name != modelFile && name != weightsFile {
			return fmt.Errorf("the folder holds something else than a model, such as %s: choose another", show.Quoted(name))
		}
	}
	if len(entries) > 0 && !whole.IsModel(dir) {
		return fmt.Errorf("the folder holds something else than a model: its %s is not ours, or is missing: choose another", modelFile)
	}
	if len(entries) > 0 && !whole.MayWrite(dir) {
		return fmt.Errorf("the folder may not be written to: %w", fs.ErrPermission)
	}
	return nil
}

// description returns what to write, without checksums. The error names what cannot be
// written.
func (m *Mixture) description() (d description, err error) {
	d = description{Format: formatName, Version: FormatVersion, Library: Library(), DType: m.Members[0].DType().String(), Training: m.Training}
	if d.body, err = m.body(); err != nil {
		return d, err
	}
	for _, member := range m.Members {
		variables, err := member.Variables()
		if err != nil {
			return d, err
		}
		_, trained := numbers(variables)
		d.Parameters += trained
		if err := checkWeights(variables, member.Weights); err != nil {
			return d, err
		}
	}
	switch {
	case d.newest():
	case d.Categories != nil:
		d.Version = categoriesVersion
	case d.more():
		d.Version = mixtureVersion
	case d.Config != nil:
		d.Version = configVersion
	default:
		d.Version = flowVersion
	}
	return d, nil
}

// writeFiles writes both files, down to the disk.
func (m *Mixture) writeFiles(dir string, d description) error {
	if err := safetensors.Write(filepath.Join(dir, weightsFile), safetensors.File{Tensors: m.tensors()}); err != nil {
		return err
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
	var out *os.File
	err = whole.Place(func() (err error) {
		out, err = os.OpenFile(filepath.Join(dir, modelFile), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		return err
	})
	if err != nil {
		return err
	}
	_, err = out.Write(text)
	return errors.Join(err, out.Sync(), out.Close(), syncDir(dir))
}

// Library returns the name and version of this library as built into the program, such
// as "normflow v1.2.0" or "normflow (devel)".
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
