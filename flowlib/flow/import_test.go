package flow_test

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"normflow/flowlib/flow"
	"normflow/internal/safetensors"
)

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

func TestImportMixtureRefuses(t *testing.T) {
	dir := t.TempDir()
	good := filepath.Join(dir, "good.safetensors")
	if err := mappedMixture(t).Export(good); err != nil {
		t.Fatal(err)
	}
	alone, err := flow.NewMixture(nil, []flow.Member{{Weight: 1, Saved: strayed(t)}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := flow.ImportMixture(good, alone); err == nil || !strings.Contains(err.Error(), "is missing") {
		t.Errorf("taken for another model: %v", err)
	}
	for _, tt := range []struct{ old, new, want string }{
		{`"version":3`, `"version":2`, "fields of version 3"},
		{`"weight":0.25`, `"weight":0.5`, "sum to 1.25"},
		{`"weight":0.25`, `"weight":-0.25`, "weight of member 0"},
		{`"low":-1`, `"low":-1,"high":3`, "expected only what that kind needs"},
		{`"kind":"periodic"`, `"kind":"round"`, "kind"},
		{`"columns":[`, `"columns":[{"kind":"continuous"},`, "maps of 3 columns for 2"},
		{`"mf"`, `"fm"`, "the masks are"},
		{`"masks"`, `"mask"`, "unknown field"},
		{`"members":[`, `"config":{"architecture":"gaussian","features":2},"members":[`, "both members and a flow"},
		{`"layers":2`, `"layers":1`, "masks"},
		{`"features":2,"layers":2`, `"features":65536,"layers":2`, ""},
	} {
		f, err := safetensors.Read(good)
		if err != nil {
			t.Fatal(err)
		}
		text := f.Metadata["model"]
		if f.Metadata["model"] = strings.Replace(text, tt.old, tt.new, 1); f.Metadata["model"] == text {
			t.Errorf("no %q to edit in %s", tt.old, text)
		}
		path := filepath.Join(dir, "edited.safetensors")
		if err := safetensors.Write(path, f); err != nil {
			t.Fatal(err)
		}
		if _, err := flow.ImportMixture(path, nil); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want an error with %q", tt.new, err, tt.want)
		}
	}
}
