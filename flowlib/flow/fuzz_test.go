package flow

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/gomlx/compute/dtypes"

	"normflow/internal/memory/memorytest"
	"normflow/internal/safetensors"
)

// FuzzLoad reads hostile folders, as [Read] does after it has opened the files. That
// may not panic, nor take more memory than the files have bytes, many times. What it
// takes for a model can be built: it has finite numbers of the right shapes.
//
// Mutations would hardly ever fit the checksums, so with mend they are made to.
func FuzzLoad(f *testing.F) {
	for _, dir := range []string{"version1", "version2", "version3", "version4", "version5", "version6"} {
		text, err := os.ReadFile(filepath.Join("testdata", dir, modelFile))
		if err != nil {
			f.Fatal(err)
		}
		weights, err := os.ReadFile(filepath.Join("testdata", dir, weightsFile))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text, weights, false)
		f.Add(text, weights, true)
	}
	f.Add([]byte(`{"format":"normflow model","version":2,"config":{"architecture":"glow","features":65536,"layers":64,"lu":true,"mask":"random","hidden":[65536,65536],"input_bound":5},"dtype":"Float64"}`), []byte{}, true)
	f.Add([]byte(`{"format":"normflow model","version":1,"config":{"architecture":"nsf","features":9,"layers":1,"transform":"spline","bins":256,"hidden":[],"input_bound":5},"dtype":"Float32"}`),
		binary.LittleEndian.AppendUint64(nil, 1<<62), true)
	f.Fuzz(func(t *testing.T, text, weights []byte, mend bool) {
		if mend {
			text = mended(text, weights)
		}
		end := memorytest.Watch(t, 16<<20+200*(len(text)+len(weights)))
		m, err := parse(text, bytes.NewReader(weights), int64(len(weights)))
		end()
		if err != nil {
			if err.Error() == "" {
				t.Fatal("an error without a word")
			}
			return
		}
		for _, member := range m.Members {
			variables, err := member.Variables()
			if err == nil {
				err = checkWeights(variables, member.Weights)
			}
			if err != nil {
				t.Fatalf("took what is no model: %v", err)
			}
		}
	})
}

// mended makes the numbers in a model.json fit that can be made to fit.
func mended(text, weights []byte) []byte {
	var d description
	if json.Unmarshal(text, &d) != nil {
		return text
	}
	d.WeightsSHA256 = hexSum(weights)
	if len(d.Members) > 0 {
		d.Parameters = 0
		for k := range d.Members {
			w := &d.Members[k]
			if w.Config == nil {
				continue
			}
			if variables, err := w.Config.Variables(); err == nil {
				_, trained := numbers(variables)
				d.Parameters += trained
				if w.Config.Features < 100 {
					w.Masks = w.Config.masks()
				}
			}
		}
	} else if d.Config == nil {
		var own design
		if variables, err := own.read(d.written, dtypes.Float32); err == nil {
			_, d.Parameters = numbers(variables)
		}
	} else if variables, err := d.Config.Variables(); err == nil {
		_, d.Parameters = numbers(variables)
		if d.Version > 1 && d.Config.Features < 100 {
			d.Masks = d.Config.masks()
		}
	}
	if d.Version < 3 {
		d.Library, d.SHA256 = "", ""
		if text, err := json.Marshal(d); err == nil {
			return text
		}
	}
	if sealed, err := d.text(); err == nil {
		return sealed
	}
	return text
}

// FuzzImport feeds files of weights of both formats, whose models are their own.
func FuzzImport(f *testing.F) {
	for _, dir := range []string{"version1", "version3", "version5", "version6"} {
		m, err := ReadMixture(filepath.Join("testdata", dir))
		if err != nil {
			f.Fatal(err)
		}
		for _, name := range []string{"a.npz", "a.safetensors"} {
			path := filepath.Join(f.TempDir(), name)
			if err := m.Export(path); err != nil {
				f.Fatal(err)
			}
			b, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		defer memorytest.Watch(t, 32<<20+4000*len(b))()
		in := new(exportFile)
		err := in.openNPZ(bytes.NewReader(b), int64(len(b)))
		if !bytes.HasPrefix(b, []byte("PK")) {
			in.File, err = safetensors.Decode(bytes.NewReader(b), int64(len(b)))
		}
		if err == nil {
			_, err = in.mixture(nil)
		}
		if err != nil && err.Error() == "" {
			t.Fatal("an error without a word")
		}
	})
}
