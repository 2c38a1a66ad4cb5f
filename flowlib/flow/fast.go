package flow

import (
	"fmt"
	"iter"
	"math"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"gonum.org/v1/gonum/mat"

	"normflow/flowlib/density"
	"normflow/flowlib/fast"
	"normflow/internal/names"
)

// FastModel is a model on package fast. It is not safe for concurrent use.
type FastModel struct {
	engine  *fast.Engine
	units   Units
	uniform bool      // the base is uniform
	single  []float32 // a chunk of standardized rows, or of contexts
}

// Fast returns the model on package fast, using all processors. Models of two features
// that have knots run from their tables, which give the same densities several times as
// fast. The error names the part of the model that package fast does not support.
func (s *Saved) Fast() (*FastModel, error) {
	if s.DType() != dtypes.Float32 {
		return nil, fmt.Errorf("flow: the model is in %s, the engine in Float32", s.DType())
	}
	f, err := s.FastFlow()
	if err != nil {
		return nil, err
	}
	if s.config != nil {
		if k, err := s.config.knots(s.Weights); err == nil {
			e, err := fast.NewTables(k, 0)
			if err != nil {
				return nil, err
			}
			return &FastModel{engine: e, units: s.Units()}, nil
		}
	}
	e, err := fast.New(f, 0)
	if err != nil {
		return nil, err
	}
	values := map[string][]float64{}
	for _, w := range s.Weights {
		values[w.Path] = w.Values
	}
	weights := e.Weights()
	for i := range weights.Len() {
		path := names.FlowPrefix + weights.Name(i)
		if len(values[path]) != weights.Size(i) {
			return nil, fmt.Errorf("flow: variable %s has %d values, expected %d", path, len(values[path]), weights.Size(i))
		}
		weights.Set(i, float32s(values[path]))
	}
	_, uniform := f.Base.(fast.Uniform)
	return &FastModel{engine: e, units: s.Units(), uniform: uniform}, nil
}

// String says what the model works with, as in "fast (avx512, 2 threads)".
func (f *FastModel) String() string {
	return fmt.Sprintf("fast (%s, %d threads)", f.engine.Kernels(), f.engine.Threads())
}

// LogProbTo implements [density.Scorer].
func (f *FastModel) LogProbTo(dst []float64, x *mat.Dense) error {
	if err := density.Check(x, len(dst), f.engine.Features()+f.engine.Context()); err != nil {
		return fmt.Errorf("flow: %w", err)
	}
	f.single = f.units.appendMatrix(f.single[:0], x)
	f.engine.LogProb(dst, f.single)
	logDet := f.units.LogDet()
	for i := range dst {
		if dst[i] += logDet; math.IsNaN(dst[i]) {
			return &NaNError{i, x.RawRowView(i)}
		}
	}
	return nil
}

// fastChunk is how many draws are held at a time. It must be a multiple of 64.
const fastChunk = 8192

// DrawChunks implements [Engine].
func (f *FastModel) DrawChunks(s Sampling) iter.Seq2[Draws, error] {
	return func(yield func(Draws, error) bool) {
		s := s
		if err := s.check(f.uniform, f.engine.Context()); err != nil {
			yield(Draws{}, fmt.Errorf("flow: sampling: %w", err))
			return
		}
		d := f.engine.Features()
		single, logDet := make([]float32, fastChunk*d), f.units.LogDet()
		for first := 0; first < s.Count; first += fastChunk {
			n := min(fastChunk, s.Count-first)
			var draws Draws
			if s.LogProb {
				draws.LogProb = make([]float64, n)
			}
			f.engine.Sample(single[:n*d], f.contexts(s.Context, first, n), draws.LogProb, s.Seed, first, s.Temperature)
			flat := make([]float64, n*d)
			for i, v := range single[:n*d] {
				flat[i] = float64(v)
			}
			draws.X = slices.Collect(slices.Chunk(flat, d))
			for i, x := range draws.X {
				f.units.Invert(x, x)
				if slices.ContainsFunc(x, func(v float64) bool { return v-v != 0 }) {
					yield(Draws{}, fmt.Errorf("flow: sampling: draw %d is not finite: %v: a temperature below %g keeps draws where the model has seen rows", first+i+1, x, s.Temperature))
					return
				}
			}
			for i := range draws.LogProb {
				if draws.LogProb[i] += logDet; math.IsNaN(draws.LogProb[i]) {
					yield(Draws{}, fmt.Errorf("flow: sampling: %w: draw %d, %v", ErrNaN, first+i, draws.X[i]))
					return
				}
			}
			if !yield(draws, nil) {
				return
			}
		}
	}
}

// contexts returns the standardized contexts of n draws, beginning with draw first. all
// has one row per draw, or one row for all.
func (f *FastModel) contexts(all [][]float64, first, n int) []float32 {
	f.single = f.single[:0]
	for i := range n {
		switch len(all) {
		case 0:
		case 1:
			f.single = f.units.appendContext(f.single, all[0])
		default:
			f.single = f.units.appendContext(f.single, all[first+i])
		}
	}
	return f.single
}
