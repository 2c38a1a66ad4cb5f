package flow

import (
	"fmt"
	"iter"
	"math"
	"slices"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"normflow/flowlib/base"
	"normflow/flowlib/dataset"
)

// Sampling says what to draw from a model.
type Sampling struct {
	Seed  int64 // the same seed gives the same events on the same backend
	Count int   // number of events

	// Temperature multiplies the spread of the base distribution. 0 means 1, which
	// draws from the model itself. Below 1, draws stay where the density is high; above
	// 1, they stray. Either way they no longer follow the model's density.
	Temperature float64

	// Context is for conditional models: one row per event, [Count, C], or one row for
	// all events, [1, C].
	Context [][]float64

	// LogProb asks for the log-density of each event as well.
	LogProb bool

	// Few is for models of which an event costs much, such as a picture: a small Count is
	// no longer rounded up to a chunk of 4,096 events but to 64 or 512. The last digits of an event
	// then depend on the Count, as rounding does on the shape of a matrix.
	Few bool
}

// Draws is a chunk of a sample.
type Draws struct {
	X       [][]float64 // events, [n, D], in the units of the data
	LogProb []float64   // [n], nats, under the model at temperature 1; nil unless asked for
}

// Sample draws n events, [n, D]. On the same backend the same seed gives the same
// events, and a longer sample begins with the shorter one.
func (m *Model) Sample(seed int64, n int) ([][]float64, error) {
	d, err := m.Draw(Sampling{Seed: seed, Count: n})
	return d.X, err
}

// SampleLogProb draws as Sample does and also returns the log-density of each event, in
// nats.
func (m *Model) SampleLogProb(seed int64, n int) (x [][]float64, logProb []float64, err error) {
	d, err := m.Draw(Sampling{Seed: seed, Count: n, LogProb: true})
	return d.X, d.LogProb, err
}

// Draw returns a whole sample at once. For a large one use [Model.DrawChunks].
func (m *Model) Draw(s Sampling) (Draws, error) {
	var all Draws
	for chunk, err := range m.DrawChunks(s) {
		if err != nil {
			return Draws{}, err
		}
		all.X = append(all.X, chunk.X...)
		all.LogProb = append(all.LogProb, chunk.LogProb...)
	}
	return all, nil
}

// DrawChunks implements [Engine]. Other methods of the model may be called between
// chunks.
func (m *Model) DrawChunks(s Sampling) iter.Seq2[Draws, error] {
	if err := m.made(); err != nil {
		return func(yield func(Draws, error) bool) { yield(Draws{}, err) }
	}
	_, uniform := m.flow.base.(*base.Uniform)
	return s.chunks(uniform, m.Context(), m.largestChunk(), func(s Sampling, first, count int) (Draws, error) {
		d, err := m.drawChunk(s, first, count)
		if err != nil {
			return Draws{}, fmt.Errorf("flow: sampling: %w", err)
		}
		return d, nil
	})
}

// chunks checks s and yields what draw returns for size events at a time, up to the first
// error. It may be run several times, even concurrently.
func (s Sampling) chunks(uniform bool, context, size int, draw func(s Sampling, first, count int) (Draws, error)) iter.Seq2[Draws, error] {
	return func(yield func(Draws, error) bool) {
		s := s
		if err := s.check(uniform, context); err != nil {
			yield(Draws{}, fmt.Errorf("flow: sampling: %w", err))
			return
		}
		for first := 0; first < s.Count; first += size {
			if d, err := draw(s, first, min(size, s.Count-first)); !yield(d, err) || err != nil {
				return
			}
		}
	}
}

// context returns the context of event i, nil if there is none.
func (s Sampling) context(i int) []float64 {
	switch len(s.Context) {
	case 0:
		return nil
	case 1:
		return s.Context[0]
	}
	return s.Context[i]
}

// check fills in the default temperature and validates s for a flow with the given
// number of context columns; uniform says whether its base is uniform.
func (s *Sampling) check(uniform bool, context int) error {
	if s.Temperature == 0 {
		s.Temperature = 1
	}
	if s.Count < 0 {
		return fmt.Errorf("count must not be negative, found %d", s.Count)
	}
	if !(s.Temperature > 0) || math.IsInf(s.Temperature, 0) {
		return fmt.Errorf("temperature must be positive and finite, found %g", s.Temperature)
	}
	if uniform && s.Temperature > 1 {
		return fmt.Errorf("temperature must be at most 1 for a uniform base, found %g: there is no density beyond its box", s.Temperature)
	}
	if context == 0 {
		if len(s.Context) > 0 {
			return fmt.Errorf("the model has no context, found %d rows of it", len(s.Context))
		}
		return nil
	}
	if len(s.Context) != 1 && len(s.Context) != s.Count {
		return fmt.Errorf("%d rows of context for %d events, expected one for each or one for all", len(s.Context), s.Count)
	}
	return dataset.CheckRows(s.Context, context)
}

// drawChunk draws the events first to first+count of a sample. The random numbers of a
// chunk depend only on the seed and on the chunk's position.
func (m *Model) drawChunk(s Sampling, first, count int) (Draws, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.store.SetRNGStateFromSeed(s.Seed + int64(first/m.largestChunk())*chunkSeedStep); err != nil {
		return Draws{}, err
	}
	size := s.size(m.largestChunk())
	name := fmt.Sprintf("sample of %d", size)
	if s.LogProb {
		name += " with log-density"
	}
	exec, err := m.exec(name, func(scope *model.Scope, in *Node) []*Node {
		temperature := Reshape(Slice(in, AxisElem(0), AxisElem(0)))
		var context *Node
		if m.Context() > 0 {
			context = Slice(in, AxisRange(), AxisRangeToEnd(1))
		}
		if s.LogProb {
			x, logProb := m.flow.sample(scope, in.Graph(), m.DType(), m.largestChunk(), size, temperature, context)
			return []*Node{x, logProb}
		}
		x, _ := m.flow.sample(scope, in.Graph(), m.DType(), m.largestChunk(), size, temperature, context)
		return []*Node{x}
	})
	if err != nil {
		return Draws{}, err
	}
	out, err := exec.Call(m.samplingInput(s, first, count))
	if err != nil {
		return Draws{}, err
	}
	units := m.Units()
	d := Draws{X: rows(out[0], m.Features())[:count]}
	for _, x := range d.X {
		units.Invert(x, x)
	}
	if err := dataset.CheckRows(d.X, m.Features()); err != nil {
		return Draws{}, fmt.Errorf("draws %d to %d: %w", first, first+count-1, err)
	}
	if s.LogProb {
		d.LogProb = column(out[1])[:count]
		for i := range d.LogProb {
			d.LogProb[i] += units.LogDet()
		}
		if i := slices.IndexFunc(d.LogProb, math.IsNaN); i >= 0 {
			return Draws{}, fmt.Errorf("%w: draw %d, %v", ErrNaN, first+i, d.X[i])
		}
	}
	return d, nil
}

// chunkSeedStep is 2⁶⁴ divided by the golden ratio, as in SplitMix64. It keeps the
// seeds of a sample's chunks away from those of other samples.
const chunkSeedStep = -0x61c8864680b583eb

// size is how many events are computed for a chunk of the sample, at most largest.
func (s Sampling) size(largest int) int {
	for _, size := range []int{64, 512} {
		if s.Few && s.Count <= size && size < largest {
			return size
		}
	}
	return largest
}

// samplingInput returns [size, 1+C]: the temperature, then the standardized context
// of each event.
func (m *Model) samplingInput(s Sampling, first, count int) *tensors.Tensor {
	width, size := 1+m.Context(), s.size(m.largestChunk())
	flat := make([]float64, size*width)
	for i := range size {
		flat[i*width] = s.Temperature
		if m.Context() > 0 {
			m.settings.ContextScaler.Apply(flat[i*width+1:(i+1)*width], s.context(first+min(i, count-1)))
		}
	}
	if m.DType() == dtypes.Float64 {
		return tensors.FromFlatDataAndDimensions(flat, size, width)
	}
	return tensors.FromFlatDataAndDimensions(float32s(flat), size, width)
}

func float32s(values []float64) []float32 {
	out := make([]float32, len(values))
	for i, v := range values {
		out[i] = float32(v)
	}
	return out
}
