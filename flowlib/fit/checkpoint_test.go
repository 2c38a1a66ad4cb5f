package fit

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/dataset"
	"normflow/flowlib/flow"
	"normflow/internal/memory/memorytest"
	"normflow/internal/safetensors"
)

// written is the checkpoint of a short run, and the run's trainer.
func written(t testing.TB) (path string, tr *trainer) {
	t.Helper()
	c := flow.RealNVP(2)
	c.Layers, c.Hidden = 2, []int{3}
	m, err := c.NewModel(backendtest.Open(t))
	if err != nil {
		t.Fatal(err)
	}
	rows := dataset.TwoMoons(0.1).Sample(1, 20)
	cfg := Config{Steps: 3, BatchSize: 4, LearningRate: 1e-3, EvalEvery: 1, Checkpoint: filepath.Join(t.TempDir(), "c")}
	if _, err := Run(t.Context(), m, rows, rows, cfg, nil); err != nil {
		t.Fatal(err)
	}
	if tr, err = newTrainer(m, rows, rows, cfg); err != nil {
		t.Fatal(err)
	}
	return cfg.Checkpoint, tr
}

func TestCheckpointsThatNoRunWrote(t *testing.T) {
	path, tr := written(t)
	if _, err := newState(tr); err != nil {
		t.Fatalf("as it was written: %v", err)
	}
	result := func(change func(r *Result)) func(f *safetensors.File) {
		return func(f *safetensors.File) {
			var r Result
			if err := json.Unmarshal([]byte(f.Metadata["result"]), &r); err != nil {
				t.Fatal(err)
			}
			change(&r)
			text, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			f.Metadata["result"] = string(text)
		}
	}
	tensor := func(name string, change func(t *safetensors.Tensor)) func(f *safetensors.File) {
		return func(f *safetensors.File) {
			for i := range f.Tensors {
				if f.Tensors[i].Name == name {
					change(&f.Tensors[i])
					return
				}
			}
			t.Errorf("there is no tensor %s", name)
		}
	}
	const weights = "/flow/00/conditioner/hidden_0/weights"
	nan := []byte{0, 0, 0xc0, 0x7f}
	for want, change := range map[string]func(f *safetensors.File){
		"its format is": func(f *safetensors.File) { f.Metadata["format"] = "normflow checkpoint 1" },
		"another run":   func(f *safetensors.File) { f.Metadata["run"] += " " },
		`run, of Backend "not `: func(f *safetensors.File) {
			f.Metadata["run"] = strings.Replace(f.Metadata["run"], `"Backend":"`, `"Backend":"not `, 1)
		},
		"its curve: ":             func(f *safetensors.File) { f.Metadata["result"] = "{" },
		"curve is empty":          result(func(r *Result) { r.Curve = nil }),
		"has step -1":             result(func(r *Result) { r.Curve[0].Step = -1 }),
		"has step 1 at place 1":   result(func(r *Result) { r.Curve[1].Step = 1 }),
		"at step 4 of a run of 3": result(func(r *Result) { r.Curve[2].Step, r.BestStep, r.BestValid = 4, 1, r.Curve[0].Valid }),
		"which its curve has not": result(func(r *Result) { r.BestValid-- }),
		"weights holds NaN":       tensor(weights, func(t *safetensors.Tensor) { copy(t.Data, nan) }),
		"best:" + weights + " holds NaN": tensor(bestPrefix+weights, func(t *safetensors.Tensor) {
			*t = safetensors.Float32(t.Name, []int{1, 3}, []float64{0, 1, 2})
			copy(t.Data, nan)
		}),
		"expected [1 3]": tensor(bestPrefix+weights, func(t *safetensors.Tensor) { t.Shape = []int{3} }),
		"[], expected":   tensor(bestPrefix+weights, func(t *safetensors.Tensor) { t.Name += "x" }),
		"expected 8": func(f *safetensors.File) {
			f.Tensors = append(f.Tensors, safetensors.Float64("best:/flow/x", nil, []float64{1}))
		},
		"is missing": tensor(weights, func(t *safetensors.Tensor) { t.Name = "/other" }),
	} {
		f, err := safetensors.Read(path)
		if err != nil {
			t.Fatal(err)
		}
		change(&f)
		tr.cfg.Checkpoint = filepath.Join(t.TempDir(), "c")
		if err := safetensors.Write(tr.cfg.Checkpoint, f); err != nil {
			t.Fatal(err)
		}
		if _, err := newState(tr); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), tr.cfg.Checkpoint) {
			t.Errorf("got %v, want an error with the file and %q", err, want)
		}
	}
}

// Only a checkpoint counts as one, and to look at a named pipe does not wait.
func TestIsCheckpoint(t *testing.T) {
	path, _ := written(t)
	other, pipe := filepath.Join(t.TempDir(), "c"), filepath.Join(t.TempDir(), "pipe")
	if err := errors.Join(os.WriteFile(other, []byte("epoch 7"), 0o644), syscall.Mkfifo(pipe, 0o600)); err != nil {
		t.Fatal(err)
	}
	if !IsCheckpoint(path) || IsCheckpoint(other) || IsCheckpoint(pipe) {
		t.Errorf("got %v, %v, %v", IsCheckpoint(path), IsCheckpoint(other), IsCheckpoint(pipe))
	}
}

// FuzzCheckpoint reads hostile checkpoints. That may not panic, nor take more memory
// than the file has bytes, many times.
func FuzzCheckpoint(f *testing.F) {
	path, tr := written(f)
	content, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(content)
	f.Fuzz(func(t *testing.T, b []byte) {
		defer memorytest.Watch(t, 8<<20+100*len(b))()
		file, err := safetensors.Decode(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		c, err := parseCheckpoint(file)
		if err == nil {
			err = c.fits(tr)
		}
		if err == nil && (len(c.result.Curve) > len(b) || c.result.Curve[0].Step < 1) {
			t.Fatalf("took %+v for a result", c.result)
		}
	})
}
