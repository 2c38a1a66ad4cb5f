package flow_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"normflow/flowlib/backend"
	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/density"
	"normflow/flowlib/flow"
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
		{"version6", [][]float64{{0.5, 2.5}, {-1, 23}, {40, 29}, {-2, 1}}, []float64{-5.6631317, -4.0329613, -10.3066356, math.Inf(-1)}, []float64{-5.6631317347299746, -4.0329612532447578, -10.306635585600118, math.Inf(-1)}},
	} {
		m, err := flow.ReadMixture(filepath.Join("testdata", tt.dir))
		if err != nil {
			t.Fatal(err)
		}
		engine, err := m.Engine(func(s *flow.Saved) (flow.Engine, error) { return s.Model(b) })
		if err != nil {
			t.Fatal(err)
		}
		got, err := density.LogProb(engine, tt.rows)
		if err != nil {
			t.Fatal(err)
		}
		if onGo && runtime.GOARCH == "amd64" && !reflect.DeepEqual(got, tt.exact) {
			t.Errorf("%s: log-densities %.17g, written were %.17g", tt.dir, got, tt.exact)
		}
		for i, want := range tt.want {
			if !(math.Abs(got[i]-want) <= 1e-5) && got[i] != want { // another backend may round otherwise
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
	if err := m.Save(filepath.Join(model, "sub", "model"), nil); err == nil || !strings.Contains(err.Error(), "lies in the folder of a model") {
		t.Errorf("a model inside another: %v", err)
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
