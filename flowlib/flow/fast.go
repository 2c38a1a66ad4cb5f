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
	return s.chunks(f.uniform, f.engine.Context(), fastChunk, f.draw)
}

func (f *FastModel) draw(s Sampling, first, count int) (draws Draws, err error) {
	d := f.engine.Features()
	single, logDet := make([]float32, count*d), f.units.LogDet()
	if s.LogProb {
		draws.LogProb = make([]float64, count)
	}
	f.single = f.single[:0]
	for i := range count {
		f.single = f.units.appendContext(f.single, s.context(first+i))
	}
	f.engine.Sample(single, f.single, draws.LogProb, s.Seed, first, s.Temperature)
	flat := make([]float64, len(single))
	for i, v := range single {
		flat[i] = float64(v)
	}
	draws.X = slices.Collect(slices.Chunk(flat, d))
	for i, x := range draws.X {
		f.units.Invert(x, x)
		if slices.ContainsFunc(x, func(v float64) bool { return v-v != 0 }) {
			return Draws{}, fmt.Errorf("flow: sampling: draw %d is not finite: %v: a temperature below %g keeps draws where the model has seen rows", first+i+1, x, s.Temperature)
		}
	}
	for i := range draws.LogProb {
		if draws.LogProb[i] += logDet; math.IsNaN(draws.LogProb[i]) {
			return Draws{}, fmt.Errorf("flow: sampling: %w: draw %d, %v", ErrNaN, first+i, draws.X[i])
		}
	}
	return draws, nil
}
