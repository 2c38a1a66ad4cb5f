package flow

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/gomlx/compute/dtypes"

	"normflow/internal/memory"
	"normflow/internal/npz"
	"normflow/internal/safetensors"
	"normflow/internal/show"
	"normflow/internal/whole"
)

// Import reads a file of weights of one flow that [Saved.Export] or a program in another
// language wrote, and checks them against the config, or, where that is nil, the one in
// the file. Names may begin with "/" or not.
func Import(path string, config *Config) (*Saved, error) {
	var like *body
	if config != nil {
		like = &body{written: written{Config: config}}
	}
	m, err := importFile(path, like)
	if err != nil {
		return nil, err
	}
	s, err := m.Single()
	if err != nil {
		return nil, fmt.Errorf("flow: importing %s: %w: import it by ImportMixture", show.Path(path), err)
	}
	return s, nil
}

// ImportMixture is [Import] for a mixture of any number of flows, whose weights it checks
// against the flows of a model, or, where that is nil, those that the file says. The
// weights of the members in the mixture are those of the model, or of the file.
func ImportMixture(path string, model *Mixture) (*Mixture, error) {
	if model == nil {
		return importFile(path, nil)
	}
	like, err := model.body()
	if err != nil {
		return nil, fmt.Errorf("flow: importing %s: the model that it is like: %w", show.Path(path), err)
	}
	return importFile(path, &like)
}

func importFile(path string, like *body) (*Mixture, error) {
	f, err := openExport(path)
	if err == nil {
		defer f.close()
		var m *Mixture
		if m, err = f.mixture(like); err == nil {
			return m, nil
		}
	}
	return nil, fmt.Errorf("flow: importing %s: %w", show.Path(path), err)
}

// mixture makes a model of the file, by what it is like or, where that is nil, by what
// it says itself.
func (f *exportFile) mixture(like *body) (*Mixture, error) {
	if like == nil {
		said, err := f.said()
		if err != nil {
			return nil, err
		}
		like = &said
	}
	dtype := dtypes.Float32
	for i, t := range f.Tensors {
		f.Tensors[i].Name = "/" + strings.TrimPrefix(t.Name, "/")
		if t.DType == "F64" {
			dtype = dtypes.Float64
		}
	}
	u, err := like.read(dtype)
	if err != nil {
		return nil, err
	}
	if err := fitHeaders(u.variables, f.Tensors, dtype); err != nil {
		return nil, err
	}
	all, _ := numbers(u.variables)
	if need, most := all*int64(dtype.Size()+8), memory.Budget(0); need > most {
		return nil, fmt.Errorf("the model has %d numbers, which take about %s of memory, and this program takes at most %s", all, memory.Text(need), memory.Text(most))
	}
	if err := f.load(); err != nil {
		return nil, err
	}
	values, err := fitting(u.variables, f.Tensors, dtype)
	if err != nil {
		return nil, err
	}
	u.take(values)
	return u.Mixture, u.build()
}

// exportFile is a file of weights of either format. Those of an NPZ are not unpacked
// before load: a few bytes may claim to hold gigabytes.
type exportFile struct {
	safetensors.File
	npz    *npz.File
	places []int // of the tensors in npz
	in     *os.File
}

func (f *exportFile) close() {
	if f.in != nil {
		f.in.Close()
	}
}

func (f *exportFile) load() error {
	for k, i := range f.places {
		if err := f.npz.Load(i); err != nil {
			return err
		}
		f.Tensors[k].Data = f.npz.Arrays[i].Data
	}
	return nil
}

func openExport(path string) (f *exportFile, err error) {
	f = new(exportFile)
	switch filepath.Ext(path) {
	case ".safetensors":
		f.File, err = safetensors.Read(path)
		return f, err
	case ".npz":
	default:
		return nil, ErrExtension
	}
	var size int64
	if f.in, size, err = whole.Open(path); err != nil {
		return nil, err
	}
	if err = f.openNPZ(f.in, size); err != nil {
		f.close()
		return nil, err
	}
	return f, nil
}

func (f *exportFile) openNPZ(in io.ReaderAt, size int64) (err error) {
	if f.npz, err = npz.Open(in, size); err != nil {
		return err
	}
	const longest = maxDescription / 2 // of a config, which has no indentation
	f.Metadata = map[string]string{}
	for i, a := range f.npz.Arrays {
		dtype := map[string]string{"<f4": "F32", "<f8": "F64"}[a.DType]
		switch {
		case a.Name == exportName && len(a.Shape) == 0 && dtype == "":
			if length, _ := strconv.Atoi(strings.TrimPrefix(a.DType, "|S")); length > longest {
				return fmt.Errorf("array %s has %d bytes, expected a config of at most %d", show.Quoted(a.Name), length, longest)
			}
			if err := f.npz.Load(i); err != nil {
				return err
			}
			f.Metadata[exportName] = string(bytes.TrimRight(f.npz.Arrays[i].Data, "\x00"))
		case dtype != "":
			f.Tensors, f.places = append(f.Tensors, safetensors.Tensor{Name: a.Name, DType: dtype, Shape: a.Shape}), append(f.places, i)
		default:
			return fmt.Errorf("array %s is of type %s, expected <f4 or <f8", show.Quoted(a.Name), show.Quoted(a.DType))
		}
	}
	return nil
}

// said is what the file says of its flows.
func (f *exportFile) said() (said body, err error) {
	text, ok := f.Metadata[exportName]
	if !ok {
		return said, errors.New("the file does not say what flow its weights belong to: give a config, or a model like it")
	}
	var head struct {
		Format  string `json:"format"`
		Version int    `json:"version"`
	}
	if err := json.Unmarshal([]byte(text), &head); err != nil {
		return said, fmt.Errorf("%s: %w", exportName, show.Error(err))
	}
	if head.Format != exportFormat || head.Version < 1 || head.Version > exportVersion {
		return said, fmt.Errorf("%s: format is %s of version %d, this program reads %q of version 1 to %d", exportName, show.Quoted(head.Format), head.Version, exportFormat, exportVersion)
	}
	if err := checkLists([]byte(text)); err != nil {
		return said, fmt.Errorf("%s: %w", exportName, err)
	}
	// What this program does not know would be passed over.
	var e exported
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&e); err != nil {
		return said, fmt.Errorf("%s: %w", exportName, show.Error(err))
	}
	if e.Version < 3 && e.more() {
		return said, fmt.Errorf("%s: it has fields of version 3, but says its version is %d: the file is edited", exportName, e.Version)
	}
	if e.Version < 4 && e.Categories != nil {
		return said, fmt.Errorf("%s: it has fields of version 4, but says its version is %d: the file is edited", exportName, e.Version)
	}
	if e.Version < 5 && e.newest() {
		return said, fmt.Errorf("%s: it has fields of version 5, but says its version is %d: the file is edited", exportName, e.Version)
	}
	members, err := e.members()
	if err != nil {
		return said, fmt.Errorf("%s: %w", exportName, err)
	}
	for _, w := range members {
		if w.Config == nil {
			continue
		}
		if err := w.Config.check(); err != nil {
			return said, fmt.Errorf("%s: %w", exportName, err)
		}
		if masks := w.Config.masks(); !slices.Equal(masks, w.Masks) {
			return said, fmt.Errorf("%s: the masks are %s, this program makes %s of the same config", exportName, show.QuotedNames(w.Masks), show.QuotedNames(masks))
		}
	}
	return e.body, nil
}
