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

// exported says in a file of weights what flow they belong to: as JSON under the
// name "model", an array of bytes in NPZ and metadata in safetensors.
type exported struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
	Library string `json:"library"`
	written        // as in model.json
}

const (
	exportFormat  = "normflow weights"
	exportVersion = 2 // 1 has no Flow
	exportName    = "model"
)

// Export writes the weights and the config to one file for programs in other
// languages. The name of path ends in .npz or .safetensors. docs/format.md describes
// both.
func (s *Saved) Export(path string) error {
	said, err := s.written()
	if err != nil {
		return fmt.Errorf("flow: exporting: %w", err)
	}
	version := exportVersion
	if s.config != nil {
		version = 1
	}
	about, err := json.Marshal(exported{exportFormat, version, Library(), said})
	if err != nil {
		return fmt.Errorf("flow: exporting: %w", err)
	}
	f := safetensors.File{Metadata: map[string]string{exportName: string(about)}}
	for _, w := range s.Weights {
		name := strings.TrimPrefix(w.Path, "/")
		if s.DType() == dtypes.Float32 {
			f.Tensors = append(f.Tensors, safetensors.Float32(name, w.Shape, w.Values))
		} else {
			f.Tensors = append(f.Tensors, safetensors.Float64(name, w.Shape, w.Values))
		}
	}
	switch filepath.Ext(path) {
	case ".safetensors":
		err = safetensors.Write(path, f)
	case ".npz":
		arrays := []npz.Array{{Name: exportName, DType: fmt.Sprintf("|S%d", len(about)), Data: about}}
		for _, t := range f.Tensors {
			arrays = append(arrays, npz.Array{Name: t.Name, DType: numpyNames[t.DType], Shape: t.Shape, Data: t.Data})
		}
		var b bytes.Buffer
		if err = npz.Write(&b, arrays); err == nil {
			err = whole.WriteFile(path, b.Bytes())
		}
	default:
		err = ErrExtension
	}
	if err != nil {
		return fmt.Errorf("flow: exporting to %s: %w", show.Path(path), err)
	}
	return nil
}

// ErrExtension is what Export and Import wrap where the name of a file does not say
// its format.
var ErrExtension = errors.New("the name must end in .npz or .safetensors")

var numpyNames = map[string]string{"F32": "<f4", "F64": "<f8"}

// Import reads a file of weights that [Saved.Export] or a program in another language
// wrote, and checks them against the config, or, where that is nil, the one in the
// file. Names may begin with "/" or not.
func Import(path string, config *Config) (*Saved, error) {
	s, err := importFile(path, config)
	if err != nil {
		return nil, fmt.Errorf("flow: importing %s: %w", show.Path(path), err)
	}
	return s, nil
}

func importFile(path string, config *Config) (*Saved, error) {
	f, err := openExport(path)
	if err != nil {
		return nil, err
	}
	defer f.close()
	return f.saved(config)
}

// saved makes a model of the file, by the config given or, where that is nil, its own.
func (f *exportFile) saved(config *Config) (_ *Saved, err error) {
	said := written{Config: config}
	if config == nil {
		if said, err = f.said(); err != nil {
			return nil, err
		}
	}
	dtype := dtypes.Float32
	for i, t := range f.Tensors {
		f.Tensors[i].Name = "/" + strings.TrimPrefix(t.Name, "/")
		if t.DType == "F64" {
			dtype = dtypes.Float64
		}
	}
	s := new(Saved)
	variables, err := s.design.read(said, dtype)
	if err != nil {
		return nil, err
	}
	if err := fitHeaders(variables, f.Tensors, dtype); err != nil {
		return nil, err
	}
	all, trained := numbers(variables)
	if need, most := all*int64(dtype.Size()+8), memory.Budget(0); need > most {
		return nil, fmt.Errorf("the model has %d numbers, which take about %s of memory, and this program takes at most %s", all, memory.Text(need), memory.Text(most))
	}
	if err := f.load(); err != nil {
		return nil, err
	}
	s.Parameters = int(trained)
	if s.Weights, err = fitting(variables, f.Tensors, dtype); err != nil {
		return nil, err
	}
	return s, s.build(said)
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
	const longest = 1 << 20 // of a config
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

// said is the design that the file brings along.
func (f *exportFile) said() (said written, err error) {
	text, ok := f.Metadata[exportName]
	if !ok {
		return said, errors.New("the file does not say what flow its weights belong to: give a config, or a model like it")
	}
	var e exported
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		return said, fmt.Errorf("%s: %w", exportName, show.Error(err))
	}
	if e.Format != exportFormat || e.Version < 1 || e.Version > exportVersion {
		return said, fmt.Errorf("%s: format is %s of version %d, this program reads %q of version 1 to %d", exportName, show.Quoted(e.Format), e.Version, exportFormat, exportVersion)
	}
	// What this program does not know would be passed over.
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&e); err != nil {
		return said, fmt.Errorf("%s: %w", exportName, show.Error(err))
	}
	if e.Config == nil {
		return e.written, nil
	}
	if err := e.Config.check(); err != nil {
		return said, fmt.Errorf("%s: %w", exportName, err)
	}
	if masks := e.Config.masks(); !slices.Equal(masks, e.Masks) {
		return said, fmt.Errorf("%s: the masks are %s, this program makes %s of the same config", exportName, show.QuotedNames(e.Masks), show.QuotedNames(masks))
	}
	return e.written, nil
}
