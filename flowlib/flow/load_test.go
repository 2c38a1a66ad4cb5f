package flow_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"normflow/flowlib/flow"
	"normflow/internal/safetensors"
)

func TestLoadRefusesDamagedFolders(t *testing.T) {
	m := randomModel(t, 2)
	edit := func(file string, change func(string) string) func(dir string) error {
		return func(dir string) error {
			path := filepath.Join(dir, file)
			return os.WriteFile(path, []byte(change(read(t, path))), 0o644)
		}
	}
	cut := func(s string) string { return s[:len(s)/2] }
	replace := func(old, new string) func(string) string {
		return func(s string) string {
			if !strings.Contains(s, old) {
				t.Errorf("there is no %q to edit", old)
			}
			return strings.Replace(s, old, new, 1)
		}
	}
	// forge edits and makes a checksum that fits.
	forge := func(old, new string) func(dir string) error {
		return edit("model.json", func(s string) string {
			s = replace(old, new)(s)
			return seal.ReplaceAllString(s, `"sha256": "`+sealOf(s)+`"`)
		})
	}
	// weights makes other weights, and a checksum of them that fits.
	weights := func(change func(f *safetensors.File)) func(dir string) error {
		return func(dir string) error {
			path := filepath.Join(dir, "weights.safetensors")
			before := hexSum(read(t, path))
			f, err := safetensors.Read(path)
			if err != nil {
				return err
			}
			change(&f)
			beside := filepath.Join(t.TempDir(), "w") // in the folder of a model nothing is written
			if err := errors.Join(safetensors.Write(beside, f), os.Rename(beside, path)); err != nil {
				return err
			}
			return forge(before, hexSum(read(t, path)))(dir)
		}
	}
	for want, damage := range map[string]func(dir string) error{
		"no such file":               func(dir string) error { return os.Remove(filepath.Join(dir, "weights.safetensors")) },
		"weights.safetensors: its S": edit("weights.safetensors", func(s string) string { return s[:len(s)-1] + "x" }),
		"the tensors end":            edit("weights.safetensors", func(s string) string { return s + "x" }),
		"cut off, or of another":     edit("weights.safetensors", func(s string) string { return s[:100] }),
		"the header claims":          edit("weights.safetensors", cut),
		"and at most":                edit("weights.safetensors", func(s string) string { return s + strings.Repeat("x", 1<<20) }),
		"not whole JSON":             edit("model.json", cut),
		"model.json: its SHA-256":    edit("model.json", replace(`"layers": 4`, `"layers": 5`)),
		"SHA-256 is":                 edit("model.json", replace("\n  ", "\n   ")), // a space
		"hexadecimal digits":         edit("model.json", func(s string) string { return seal.ReplaceAllString(s, `"sha256": ""`) }),
		"fields of version 3":        forge(`"version": 4`, `"version": 2`),
		"written by \"normflow":      forge(`"version": 4`, `"version": 99`),
		"use a newer program":        forge(`"version": 4`, `"version": 99`),
		"unknown field":              forge(`"layers"`, `"depth": 3, "layers"`),
		"unknown architecture":       forge("realnvp", "resnet"),
		"layers must be":             forge(`"layers": 4`, `"layers": 4000`),
		"the masks are":              forge(`"fm"`, `"mf"`),
		"needs 57":                   forge("8,\n      8\n    ]", "60000,\n      60000\n    ]"),
		"its flow has":               forge(`"layers": 4`, `"layers": 5`),
		"format is":                  forge("normflow model", "something"),
		"dtype is":                   forge("Float32", "Int32"),
		"place 5 of 8": weights(func(f *safetensors.File) {
			copy(f.Tensors[0].Data[20:], []byte{0, 0, 0xc0, 0x7f}) // NaN
		}),
		"holds -Inf": weights(func(f *safetensors.File) {
			copy(f.Tensors[2].Data, []byte{0, 0, 0x80, 0xff})
		}),
		"is missing": weights(func(f *safetensors.File) { f.Tensors[3].Name = "/flow/other" }),
		"is not part of": weights(func(f *safetensors.File) {
			f.Tensors = append(f.Tensors, safetensors.Float32("/flow/x", nil, []float64{1}))
		}),
		"is of type":        weights(func(f *safetensors.File) { f.Tensors[1].DType = "I32" }),
		"expected /flow/00": weights(func(f *safetensors.File) { f.Tensors[1].Shape = []int{8, 1} }),
	} {
		dir := filepath.Join(t.TempDir(), "model")
		if err := m.Save(dir, nil); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(want, "needs 57") { // the number of parameters has to be forged, too
			if err := forge(fmt.Sprintf(`"parameters": %d`, m.NumParameters()), `"parameters": 14401200008`)(dir); err != nil {
				t.Fatal(err)
			}
		}
		if err := damage(dir); err != nil {
			t.Fatal(err)
		}
		_, err := flow.Load(m.Backend(), dir)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), dir) {
			t.Errorf("got %v, want an error with the folder and %q", err, want)
		}
	}
}

// Where there is no model an error says what there is instead.
func TestLoadWithoutModel(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "table.csv")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "none"):      "there is no such folder: check the name",
		filepath.Join(dir, "none", "m"): "there is no such folder: check the name",
		dir:                             "the folder holds no model: model.json is not there",
		file:                            "is a file, expected the folder of a model",
	} {
		_, err := flow.Read(path)
		if err == nil || err.Error() != "flow: loading "+path+": "+want || errors.Is(err, fs.ErrNotExist) != (path != file) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// A model cannot make a program read what lies elsewhere, or wait.
func TestLoadStaysInItsFolder(t *testing.T) {
	m := randomModel(t, 2)
	dir, elsewhere := filepath.Join(t.TempDir(), "model"), filepath.Join(t.TempDir(), "w")
	if err := m.Save(dir, nil); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "weights.safetensors")
	if err := os.Rename(path, elsewhere); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(elsewhere, path); err != nil {
		t.Fatal(err)
	}
	if _, err := flow.Read(dir); err == nil || !strings.Contains(err.Error(), "escapes") {
		t.Errorf("weights that lie elsewhere: got %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := flow.Read(dir); err == nil || !strings.Contains(err.Error(), "no plain file") {
		t.Errorf("weights that are a pipe: got %v", err)
	}
}
