package flow_test

import (
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"normflow/flowlib/flow"
	"normflow/internal/safetensors"
)

// A model that goes out and comes back is the same, in both formats and precisions.
func TestExportImport(t *testing.T) {
	m := smallModel(t, "nsf+actnorm+lu+mixture", 2, 1)
	double, err := m.Float64()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []*flow.Model{m, double} {
		want, err := m.Saved(nil)
		if err != nil {
			t.Fatal(err)
		}
		own, _ := m.Config()
		for _, extension := range []string{".npz", ".safetensors"} {
			path := filepath.Join(t.TempDir(), "w"+extension)
			if err := want.Export(path); err != nil {
				t.Fatal(err)
			}
			for _, config := range []*flow.Config{nil, &own} {
				got, err := flow.Import(path, config)
				if err != nil || !reflect.DeepEqual(got, want) {
					t.Errorf("%s in %s: got %+v, want %+v, %v", extension, m.DType(), got, want, err)
				}
			}
		}
	}
}

func TestImportRefuses(t *testing.T) {
	m := randomModel(t, 2)
	s, err := m.Saved(nil)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	good := filepath.Join(dir, "good.safetensors")
	if err := s.Export(good); err != nil {
		t.Fatal(err)
	}
	other, _ := m.Config()
	other.Layers = 3
	changed := func(name string, change func(f *safetensors.File)) string {
		f, err := safetensors.Read(good)
		if err != nil {
			t.Fatal(err)
		}
		change(&f)
		path := filepath.Join(dir, name+".safetensors")
		if err := safetensors.Write(path, f); err != nil {
			t.Fatal(err)
		}
		return path
	}
	model := func(old, new string) string {
		return changed(new, func(f *safetensors.File) {
			if !strings.Contains(f.Metadata["model"], old) {
				t.Errorf("no %q to edit in %s", old, f.Metadata["model"])
			}
			f.Metadata["model"] = strings.Replace(f.Metadata["model"], old, new, 1)
		})
	}
	text := filepath.Join(dir, "text.npz")
	if err := os.WriteFile(text, []byte("hello"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		path   string
		config *flow.Config
		want   string
	}{
		{"w.pt", nil, "must end in"},
		{filepath.Join(dir, "none.npz"), nil, "no such file"},
		{text, nil, "no NPZ"},
		{good, &other, "not part of this model"},
		{changed("bare", func(f *safetensors.File) { f.Metadata = nil }), nil, "give a config"},
		{changed("less", func(f *safetensors.File) {
			f.Tensors = f.Tensors[1:]
		}), nil, "is missing"},
		{changed("nan", func(f *safetensors.File) {
			f.Tensors[0] = safetensors.Float32(f.Tensors[0].Name, f.Tensors[0].Shape, []float64{0, math.NaN(), 0, 0, 0, 0, 0, 0})
		}), nil, "holds NaN at place 1"},
		{model(`"layers":4`, `"layers":400`), nil, "layers must be"},
		{model(`"fm"`, `"mf"`), nil, "the masks are"},
		{model(`"version":1`, `"version":9`), nil, "version 9"},
		{model(`"layers"`, `"depth":1,"layers"`), nil, "unknown field"},
	} {
		if _, err := flow.Import(tt.path, tt.config); err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), tt.path) {
			t.Errorf("got %v, want an error with the path and %q", err, tt.want)
		}
	}
	if err := s.Export(filepath.Join(dir, "w.pt")); err == nil || !strings.Contains(err.Error(), "must end in") {
		t.Errorf("got %v", err)
	}
}
