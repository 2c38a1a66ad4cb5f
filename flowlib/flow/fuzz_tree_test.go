package flow

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"

	"normflow/internal/memory/memorytest"
)

// FuzzTree reads hostile trees of parts. That may not panic, nor take more memory than
// graphs of what they name, and what is taken for a flow can be written again.
func FuzzTree(f *testing.F) {
	text, err := os.ReadFile(filepath.Join("testdata", "version5", modelFile))
	if err != nil {
		f.Fatal(err)
	}
	d, err := describe(text)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(d.Flow), 2, 1)
	const base = `{"base":{"normal":{"features":2}},"chain":`
	f.Add([]byte(base+strings.Repeat(`[{"chain":`, 5000)+"[]"+strings.Repeat("}]", 5000)+"}"), 2, 0)
	f.Add([]byte(base+"["+strings.Repeat(`{"actnorm":{"features":2}},`, 5000)+`{"actnorm":{"features":2}}]}`), 2, 0)
	f.Add([]byte(base+`[{"invert":{"lu":{"features":65536,"identity":false}}}]}`), 65536, 0)
	f.Add([]byte(`{"base":{"mixture":{"features":65536,"components":1000000000}},"chain":[]}`), 65536, 65536)
	f.Add([]byte(base+`[{"coupling":{"mask":"mf","conditioner":{"residual_mlp":{"activation":"relu","width":65536,"blocks":256}},"transform":{"spline":{"bins":256,"bound":3}},"input_bound":1e308}}]}`), 2, 1)
	f.Add([]byte(base+`[{"coupling":{"mask":"mf","conditioner":{"mlp":{"activation":"swi_glu","hidden":[65536,1,65536]}},"transform":{"affine":{"scale":"exp","max_log_scale":3}},"input_bound":5}}]}`), 2, 1)
	f.Fuzz(func(t *testing.T, text []byte, features, context int) {
		if !json.Valid(text) {
			return // describe has refused it
		}
		end := memorytest.Watch(t, 64<<20+4000*len(text))
		var own design
		_, err := own.read(written{Settings: &Settings{Features: features, Context: context}, Flow: text}, dtypes.Float32)
		end()
		if err != nil {
			if err.Error() == "" {
				t.Fatal("an error without a word")
			}
			return
		}
		if _, err := own.Tree(); err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
	})
}
