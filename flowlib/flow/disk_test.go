package flow_test

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"normflow/flowlib/backend"
	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/flow"
	"normflow/internal/safetensors"
)

// What testdata holds was written by the programs that knew these versions, and so
// was what they gave for these rows.
func TestLoadReadsEveryVersion(t *testing.T) {
	b := backendtest.Open(t)
	onGo := backend.Name(b) == "go"
	for _, tt := range []struct {
		dir   string
		rows  [][]float64
		want  []float64
		exact []float64 // on the pure-Go backend, in float64
	}{
		{"version1", [][]float64{{1, -2, 0.5}, {-1, -1.5, 2}}, []float64{-2.8493196964263916, -3.751143455505371}, []float64{-2.8493197707634192, -3.7511433750395926}},
		{"version2", [][]float64{{1, -2, 0.5, 4}, {-1, -1.5, 2, 2}}, []float64{-4.441977500915527, -6.163656711578369}, []float64{-4.4419777559937135, -6.1636569242319723}},
		{"version3", [][]float64{{1, -2, 4}, {-1, -1.5, 2}}, []float64{-3.382007598876953, -1.971153736114502}, []float64{-3.3820075763840833, -1.9711532041170745}},
		{"version4", [][]float64{{1, -2, 1e9 + 1, 4}, {-1, -1.5, 1e9 - 2, 2}}, []float64{-3.7529895, -8.9327974}, []float64{-3.7529895053045976, -8.9327973649449}},
		{"version5", [][]float64{{1, -2, 4}, {-1, -1.5, 2}}, []float64{-5.9754492701816995, -6.1412787839776932}, []float64{-5.9754492701816995, -6.1412787839776932}},
	} {
		m, err := flow.Load(b, filepath.Join("testdata", tt.dir))
		if err != nil {
			t.Fatal(err)
		}
		got, err := m.LogProb(tt.rows)
		if err != nil {
			t.Fatal(err)
		}
		if onGo && runtime.GOARCH == "amd64" && !reflect.DeepEqual(got, tt.exact) {
			t.Errorf("%s: log-densities %.17g, written were %.17g", tt.dir, got, tt.exact)
		}
		for i, want := range tt.want {
			if !(math.Abs(got[i]-want) <= 1e-5) { // another backend may round otherwise
				t.Errorf("%s, row %d: log-density %g, written was %g", tt.dir, i, got[i], want)
			}
		}
	}
}

func TestSaveLoadGivesTheSameDensityBitForBit(t *testing.T) {
	m := randomModel(t, 3)
	dir := filepath.Join(t.TempDir(), "model")
	for range 2 { // the second replaces the first
		if err := m.Save(dir, map[string]int{"steps": 1}); err != nil {
			t.Fatal(err)
		}
	}
	loaded, err := flow.Load(m.Backend(), dir)
	if err != nil {
		t.Fatal(err)
	}
	x := [][]float64{{1, 2, 3}, {-4, 0, 1}}
	want, _ := m.LogProb(x)
	got, err := loaded.LogProb(x)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v, %v", got, want, err)
	}
	left, err := os.ReadDir(filepath.Dir(dir))
	if err != nil || len(left) != 1 {
		t.Errorf("left beside the model: %v, %v", left, err)
	}
}

// A record that a model was saved with comes back, and says who wrote it.
func TestReadTellsWhatThereIs(t *testing.T) {
	m := randomModel(t, 3)
	dir := filepath.Join(t.TempDir(), "model")
	if err := m.Save(dir, map[string]string{"note": "a <b> & ü"}); err != nil {
		t.Fatal(err)
	}
	s, err := flow.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	var record map[string]string
	if err := json.Unmarshal(s.Training, &record); err != nil || record["note"] != "a <b> & ü" {
		t.Errorf("the record is %s, %v", s.Training, err)
	}
	if s.Version != 4 || s.Library != flow.Library() || s.Parameters != m.NumParameters() || !reflect.DeepEqual(s.Settings(), m.Settings()) {
		t.Errorf("got %+v", s)
	}
	text, weights := read(t, filepath.Join(dir, "model.json")), read(t, filepath.Join(dir, "weights.safetensors"))
	if s.SHA256 != sealOf(text) || s.WeightsSHA256 != hexSum(weights) {
		t.Errorf("checksums %s and %s, want %s and %s", s.SHA256, s.WeightsSHA256, sealOf(text), hexSum(weights))
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func hexSum(s string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(s))) }

var seal = regexp.MustCompile(`"sha256": "[0-9a-f]*"`)

// sealOf is the checksum of a model.json as docs/format.md tells to make it.
func sealOf(text string) string {
	return hexSum(seal.ReplaceAllString(text, `"sha256": "`+strings.Repeat("0", 64)+`"`))
}

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

func TestSaveRefusesNaN(t *testing.T) {
	m := randomModel(t, 2)
	dir := filepath.Join(t.TempDir(), "model")
	if err := m.Save(dir, nil); err != nil {
		t.Fatal(err)
	}
	weights, err := m.Weights()
	if err != nil {
		t.Fatal(err)
	}
	weights[2].Values[1] = math.NaN()
	if err := m.SetWeights(weights); err != nil {
		t.Fatal(err)
	}
	if err := m.Save(dir, nil); err == nil || !strings.Contains(err.Error(), "holds NaN at place 1") {
		t.Errorf("got %v", err)
	}
	if _, err := flow.Read(dir); err != nil {
		t.Errorf("the old model is not whole: %v", err)
	}
}

// What is no model is not replaced, be it beside or between the model's files.
func TestSaveDoesNotOverwriteOtherThings(t *testing.T) {
	m := randomModel(t, 2)
	dir := t.TempDir()
	model := filepath.Join(dir, "model")
	if err := m.Save(model, nil); err != nil {
		t.Fatal(err)
	}
	for _, precious := range []string{filepath.Join(dir, "a", "precious.txt"), filepath.Join(model, "notes.txt"), filepath.Join(dir, "file")} {
		if err := os.MkdirAll(filepath.Dir(precious), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(precious, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		at := filepath.Dir(precious)
		if at == dir {
			at = precious
		}
		if err := m.Save(at, nil); err == nil {
			t.Errorf("%s was replaced", at)
		}
		if _, err := os.Stat(precious); err != nil {
			t.Error(err)
		}
	}
}

func TestSaveThroughALink(t *testing.T) {
	m := randomModel(t, 2)
	dir := t.TempDir()
	model, link := filepath.Join(dir, "model"), filepath.Join(dir, "link")
	if err := m.Save(model, nil); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("model", link); err != nil {
		t.Fatal(err)
	}
	if err := m.Save(link, 7); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(link)
	if err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v, %v", info, err)
	}
	if s, err := flow.Read(model); err != nil || string(s.Training) != "7" {
		t.Errorf("the model is not the new one: %v", err)
	}
}

// The copy in double precision has every variable, also those that are fixed or
// came from data, and takes them to disk and back.
func TestFloat64HasEveryVariable(t *testing.T) {
	for _, name := range []string{"glow", "nsf+actnorm+lu+mixture"} {
		m := smallModel(t, name, 2, 1)
		double, err := m.Float64()
		if err != nil {
			t.Fatal(err)
		}
		a, errA := m.Weights()
		b, errB := double.Weights()
		if errA != nil || errB != nil || !reflect.DeepEqual(a, b) {
			t.Errorf("%s: the weights differ, %v, %v", name, errA, errB)
		}
		x := [][]float64{{1, 2, 0.5}, {3, 1, 2}}
		single, err := m.LogProb(x)
		if err != nil {
			t.Fatal(err)
		}
		want, err := double.LogProb(x)
		if err != nil {
			t.Fatal(err)
		}
		for i := range x {
			if !(math.Abs(single[i]-want[i]) <= 1e-4) || single[i] == want[i] { // float32 rounding, and some of it
				t.Errorf("%s, row %d: %g in float32, %g in float64", name, i, single[i], want[i])
			}
		}
		dir := filepath.Join(t.TempDir(), "model")
		if err := double.Save(dir, nil); err != nil {
			t.Fatal(err)
		}
		loaded, err := flow.Load(backendtest.Open(t), dir)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := loaded.LogProb(x); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: loaded, it gives %v, want %v, %v", name, got, want, err)
		}
	}
}
