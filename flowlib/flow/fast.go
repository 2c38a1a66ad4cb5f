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
)

// Fast describes the flow of c to package fast, in standardized units, see [Units], and
// names the variable that holds each array of the engine's weights, in their order. The
// error names what the flow has that package fast does not.
func (c Config) Fast() (f fast.Flow, paths []string, err error) {
	plain, err := c.byHand()
	if err != nil {
		return fast.Flow{}, nil, err
	}
	f.Features = plain.Features
	for _, l := range plain.Layers {
		f.Layers = append(f.Layers, fast.Coupling{Mask: l.Mask, Hidden: c.Hidden, InputBound: l.InputBound, MaxLogScale: l.MaxLogScale})
	}
	for _, w := range ByHandWeights(plain) {
		paths = append(paths, w.Path)
	}
	return f, paths, nil
}

// FastModel is a model on package fast. Its methods may not be called from several
// goroutines at once.
type FastModel struct {
	engine *fast.Engine
	units  Units
	single []float32 // a chunk of standardized rows
}

// Fast returns the model on package fast, on all processors. The error names what the
// model has that package fast does not.
func (s *Saved) Fast() (*FastModel, error) {
	if s.DType() != dtypes.Float32 {
		return nil, fmt.Errorf("flow: the model is in %s, the engine in Float32", s.DType())
	}
	c, err := s.Config()
	if err != nil {
		return nil, err
	}
	f, paths, err := c.Fast()
	if err != nil {
		return nil, err
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
	for i, path := range paths {
		if len(values[path]) != weights.Size(i) {
			return nil, fmt.Errorf("flow: variable %s has %d values, expected %d", path, len(values[path]), weights.Size(i))
		}
		weights.Set(i, float32s(values[path]))
	}
	return &FastModel{engine: e, units: s.Units()}, nil
}

// LogProbTo implements [density.Scorer].
func (f *FastModel) LogProbTo(dst []float64, x *mat.Dense) error {
	if err := density.Check(x, len(dst), f.engine.Features()); err != nil {
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

// fastChunk is how many draws are held at a time; a multiple of 64.
const fastChunk = 8192

// DrawChunks implements [Engine].
func (f *FastModel) DrawChunks(s Sampling) iter.Seq2[Draws, error] {
	return func(yield func(Draws, error) bool) {
		s := s
		if err := s.check(false, 0); err != nil {
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
			f.engine.Sample(single[:n*d], draws.LogProb, s.Seed, first, s.Temperature)
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
