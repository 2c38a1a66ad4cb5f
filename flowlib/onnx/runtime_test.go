package onnx_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/janpfeifer/must"
	"gonum.org/v1/gonum/stat"

	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/density"
	"normflow/flowlib/flow"
	"normflow/flowlib/onnx"
	"normflow/internal/npz"
)

// tool returns a program of the environment that `make test-onnx` makes. Other targets skip
// what needs it: the graphs do not change with the backend.
func tool(t *testing.T, path ...string) string {
	t.Helper()
	if os.Getenv("FLOW_REQUIRE_ONNX") == "" {
		t.Skip("make test-onnx runs this")
	}
	full := must.M1(filepath.Abs(filepath.Join(append([]string{"..", "..", ".tools"}, path...)...)))
	must.M1(os.Stat(full))
	return full
}

func array(rows [][]float64, width int) npz.Array {
	a := npz.Array{DType: "<f8", Shape: []int{len(rows), width}}
	for _, row := range rows {
		for _, v := range row {
			a.Data = binary.LittleEndian.AppendUint64(a.Data, math.Float64bits(v))
		}
	}
	return a
}

func writeArrays(t *testing.T, path string, arrays map[string]npz.Array) {
	t.Helper()
	var all []npz.Array
	for name, a := range arrays {
		a.Name = name
		all = append(all, a)
	}
	var b bytes.Buffer
	must.M(npz.Write(&b, all))
	must.M(os.WriteFile(path, b.Bytes(), 0o644))
}

// readArrays returns the rows of each array.
func readArrays(t *testing.T, path string) map[string][][]float64 {
	t.Helper()
	content := must.M1(os.ReadFile(path))
	f := must.M1(npz.Open(bytes.NewReader(content), int64(len(content))))
	all := map[string][][]float64{}
	for i, a := range f.Arrays {
		must.M(f.Load(i))
		width := 1
		if len(a.Shape) == 2 {
			width = a.Shape[1]
		}
		data := f.Arrays[i].Data
		rows := make([][]float64, a.Shape[0])
		for r := range rows {
			for range width {
				rows[r] = append(rows[r], math.Float64frombits(binary.LittleEndian.Uint64(data)))
				data = data[8:]
			}
		}
		all[a.Name] = rows
	}
	return all
}

// engine is the model in float64 but for its networks.
func (e example) engine(t *testing.T) flow.Engine {
	t.Helper()
	be := backendtest.Open(t)
	return must.M1(e.mixed.Engine(func(s *flow.Saved) (flow.Engine, error) { return s.Model(be) }))
}

const drawn = 2000 // rows by each graph that draws

// write puts both graphs into a folder, with what they are to compute: scores of the rows,
// and draws, which are scored as well.
func (e example) write(t *testing.T, dir string) {
	t.Helper()
	must.M(os.MkdirAll(dir, 0o755))
	must.M(os.WriteFile(filepath.Join(dir, "score.onnx"), must.M1(onnx.Score(e.mixed, nil)), 0o644))
	must.M(os.WriteFile(filepath.Join(dir, "sample.onnx"), must.M1(onnx.Sample(e.mixed, nil)), 0o644))
	d, c := e.mixed.Features(), e.mixed.Context()
	rng := rand.New(rand.NewPCG(7, 8))
	random := func(width int, number func() float64) npz.Array {
		rows := make([][]float64, drawn)
		for i := range rows {
			for range width {
				rows[i] = append(rows[i], number())
			}
		}
		return array(rows, width)
	}
	writeArrays(t, filepath.Join(dir, "in.npz"), map[string]npz.Array{
		"x": array(slices.Concat(e.rows, e.strange()), d+c), "z": random(d, rng.NormFloat64), "u": random(1+2*d, rng.Float64), "context": random(c, rng.NormFloat64),
	})
}

// strange are rows of which one number is not finite.
func (e example) strange() (rows [][]float64) {
	for k := range e.rows[0] {
		for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			row := slices.Clone(e.rows[0])
			row[k] = v
			rows = append(rows, row)
		}
	}
	return rows
}

// difference is that of two numbers, relative to the larger of 1 and their size.
func difference(a, b float64) float64 {
	switch {
	case a == b:
		return 0
	case math.IsNaN(a) || math.IsNaN(b):
		return math.Inf(1)
	}
	return math.Abs(a-b) / max(1, math.Abs(b))
}

func near(a, b, tol float64) bool { return difference(a, b) <= tol }

// ONNX Runtime gives the model's own log-densities, far out too, NaN where a number is not
// finite, and its draws.
func TestRuntime(t *testing.T) {
	python := tool(t, "onnx", "bin", "python")
	dir := t.TempDir()
	all := examples(t)
	for i, e := range all {
		e.write(t, filepath.Join(dir, fmt.Sprintf("%03d", i)))
	}
	if out, err := exec.Command(python, "../../scripts/onnx/check.py", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	worst := 0.0
	for i, e := range all {
		t.Run(e.name, func(t *testing.T) {
			got := readArrays(t, filepath.Join(dir, fmt.Sprintf("%03d", i), "out.npz"))
			want := must.M1(density.LogProb(e.engine(t), e.rows))
			for i, lp := range got["log_prob"][:len(want)] {
				if !near(lp[0], want[i], 1e-5) {
					t.Errorf("row %v: %g, the model says %g", e.rows[i], lp[0], want[i])
				}
				worst = max(worst, difference(lp[0], want[i]))
			}
			for i, row := range e.strange() {
				if lp := got["log_prob"][len(want)+i]; !math.IsNaN(lp[0]) {
					t.Errorf("row %v: %g, expected NaN", row, lp[0])
				}
				if z, ok := got["z"]; ok && !math.IsNaN(z[len(want)+i][0]) {
					t.Errorf("row %v: latents %v, expected NaN", row, z[len(want)+i])
				}
			}
			if e.model != nil {
				e.latents(t, got)
			}
			if e.mixed.Context() == 0 {
				e.draws(t, got)
			}
		})
	}
	t.Logf("%d models, the largest difference is %.1e", len(all), worst)
}

// latents compares those of the rows with the model's own, and draws with where the model
// sends their latents; in float64, in which graphs compute all but the networks. The rounding
// of those grows where a flow is steep, so that a few draws in a thousand may be off by more.
func (e example) latents(t *testing.T, got map[string][][]float64) {
	m := must.M1(e.model.Float64())
	states := must.M1(m.Inverse(e.rows))
	for i, want := range states[len(states)-1] {
		for d := range want {
			// Outside of the support they are finite numbers, of any size.
			if z := got["z"][i][d]; !near(z, want[d], 1e-5) && !math.IsInf(got["log_prob"][i][0], -1) {
				t.Errorf("row %v: latents %v, the model says %v", e.rows[i], got["z"][i], want)
				break
			}
		}
	}
	again := got["drawn_z"]
	for i := range again {
		again[i] = append(again[i], got["drawn"][i][e.mixed.Features():]...) // the context
	}
	states = must.M1(m.Forward(again))
	off := 0
	for i, want := range states[len(states)-1] {
		for d := range want {
			apart := difference(got["drawn"][i][d], want[d])
			if apart > 1e-5 {
				off++
			}
			if !(apart <= 1e-3) || off > drawn/200 {
				t.Fatalf("latents %v were drawn as %v, the model sends them to %v (%d are off)", again[i], got["drawn"][i], want, off)
			}
		}
	}
}

// draws compares draws with the model's own, column by column and as a whole by their
// log-densities: two samples of one density differ by more once in 100,000 times.
func (e example) draws(t *testing.T, got map[string][][]float64) {
	engine := e.engine(t)
	var own [][]float64
	for d, err := range engine.DrawChunks(flow.Sampling{Seed: 11, Count: drawn, Temperature: 1}) {
		must.M(err)
		own = append(own, d.X...)
	}
	compare := func(what string, a, b []float64) {
		slices.Sort(a)
		slices.Sort(b)
		if d := stat.KolmogorovSmirnov(a, nil, b, nil); !(d < 2.47*math.Sqrt(2./drawn)) {
			t.Errorf("%s: draws of the graph and of the model are %.3f apart", what, d)
		}
	}
	for d := range e.mixed.Features() {
		var a, b []float64
		for i := range own {
			a, b = append(a, got["drawn"][i][d]), append(b, own[i][d])
		}
		compare(fmt.Sprint("column ", d), a, b)
	}
	compare("log-densities", must.M1(density.LogProb(engine, got["drawn"])), must.M1(density.LogProb(engine, own)))
}
