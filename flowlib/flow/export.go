package flow

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"normflow/internal/npz"
	"normflow/internal/safetensors"
	"normflow/internal/show"
	"normflow/internal/whole"
)

// exported tells which flow a file of weights belongs to. It is stored as JSON under
// the name "model": as an array of bytes in NPZ, as metadata in safetensors.
type exported struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
	Library string `json:"library"`
	body           // as in model.json
}

const (
	exportFormat  = "normflow weights"
	exportVersion = 5 // 1 has a config, 2 a flow, both by themselves, 3 a mixture, 4 has categories
	exportName    = "model"
)

// Export writes the weights and the config to one file for programs in other languages.
// The extension of path chooses the format: .npz or .safetensors. docs/format.md
// describes both.
func (s *Saved) Export(path string) error {
	m, err := s.alone()
	if err != nil {
		return fmt.Errorf("flow: exporting: %w", err)
	}
	return m.Export(path)
}

// Export is [Saved.Export] for a mixture.
func (m *Mixture) Export(path string) error {
	if err := m.export(path); err != nil {
		return fmt.Errorf("flow: exporting to %s: %w", show.Path(path), err)
	}
	return nil
}

func (m *Mixture) export(path string) error {
	if err := m.check(); err != nil {
		return err
	}
	b, err := m.body()
	if err != nil {
		return err
	}
	version := exportVersion
	switch {
	case b.newest():
	case b.Categories != nil:
		version = 4
	case b.more():
		version = 3
	case b.Config != nil:
		version = 1
	default:
		version = 2
	}
	about, err := json.Marshal(exported{exportFormat, version, Library(), b})
	if err != nil {
		return err
	}
	f := safetensors.File{Metadata: map[string]string{exportName: string(about)}, Tensors: m.tensors()}
	for i, t := range f.Tensors {
		f.Tensors[i].Name = strings.TrimPrefix(t.Name, "/")
	}
	switch filepath.Ext(path) {
	case ".safetensors":
		return safetensors.Write(path, f)
	case ".npz":
		arrays := []npz.Array{{Name: exportName, DType: fmt.Sprintf("|S%d", len(about)), Data: about}}
		for _, t := range f.Tensors {
			arrays = append(arrays, npz.Array{Name: t.Name, DType: numpyNames[t.DType], Shape: t.Shape, Data: t.Data})
		}
		var b bytes.Buffer
		if err := npz.Write(&b, arrays); err != nil {
			return err
		}
		return whole.WriteFile(path, b.Bytes())
	}
	return ErrExtension
}

// ErrExtension is wrapped by Export and Import if the extension of a file names no
// format.
var ErrExtension = errors.New("the name must end in .npz or .safetensors")

var numpyNames = map[string]string{"F32": "<f4", "F64": "<f8"}
