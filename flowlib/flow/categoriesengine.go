package flow

import (
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/mat"

	"normflow/flowlib/categories"
	"normflow/flowlib/columns"
	"normflow/flowlib/density"
)

// categoriesEngine scores and draws rows with categories by an engine of their numbers,
// mapped and centred, given the categories.
type categoriesEngine struct {
	of      *categories.Density
	columns columns.Map // nil: none
	numbers []int       // features
	inner   Engine
	given   []float64 // rows of the inner engine
	logDet  []float64
}

// categoriesEngine is that of the whole mixture.
func (m *Mixture) categoriesEngine(open func(*Saved) (Engine, error)) (Engine, error) {
	e := &categoriesEngine{of: m.Categories, columns: m.Columns, numbers: m.numbers()}
	d := len(e.numbers)
	if d == 0 {
		e.inner = noNumbers{}
		return e, nil
	}
	var err error
	e.inner, err = newMixtureEngine(m.Members, d, d+e.of.Width(), func(s *Saved) (Engine, error) {
		engine, err := open(s)
		if err == nil && s.Context() == 0 {
			engine = &deafEngine{engine, d}
		}
		return engine, err
	})
	return e, err
}

// LogProbTo implements [density.Scorer]: -Inf for rows with what is no code.
func (e *categoriesEngine) LogProbTo(dst []float64, x *mat.Dense) error {
	d := len(e.numbers)
	if err := density.Check(x, len(dst), d+len(e.of.Columns)); err != nil {
		return fmt.Errorf("flow: %w", err)
	}
	if len(dst) == 0 {
		return nil
	}
	width := d + e.of.Width()
	e.given, e.logDet = slices.Grow(e.given[:0], len(dst)*width)[:len(dst)*width], slices.Grow(e.logDet[:0], len(dst))[:len(dst)]
	codes := make([]int, len(e.of.Columns))
	for i := range dst {
		row, given := x.RawRowView(i), e.given[i*width:(i+1)*width]
		e.logDet[i] = math.Inf(-1)
		if !readCodes(e.of, codes, row) {
			clear(given)
			continue
		}
		logDet := 0.0
		for k, feature := range e.numbers {
			if given[k] = row[feature]; e.columns != nil {
				y, one := e.columns[feature].Forward(row[feature])
				given[k] = y
				logDet += one
			}
		}
		logDet += e.of.Apply(given[:d], codes)
		e.of.Encode(given[d:], codes)
		e.logDet[i] = logDet + e.of.LogProb(codes)
	}
	return scoreMapped(dst, e.inner, x, mat.NewDense(len(dst), width, e.given), e.logDet)
}

// DrawChunks implements [Engine]: categories are drawn first, then numbers given these. The
// temperature is that of the numbers.
func (e *categoriesEngine) DrawChunks(s Sampling) iter.Seq2[Draws, error] {
	return s.chunks(false, 0, mixtureChunk, e.draw)
}

// draw draws the chunk of count events that begins with the event first of the sample.
func (e *categoriesEngine) draw(s Sampling, first, count int) (d Draws, err error) {
	seed := s.Seed + int64(first/mixtureChunk)*chunkSeedStep
	rng := rand.New(rand.NewPCG(uint64(seed), 0xca7e))
	part := Sampling{Seed: seed, Count: count, Temperature: s.Temperature}
	codes := make([][]int, count)
	for i := range codes {
		codes[i] = make([]int, len(e.of.Columns))
		e.of.Draw(rng, codes[i])
		given := make([]float64, e.of.Width())
		e.of.Encode(given, codes[i])
		part.Context = append(part.Context, given)
	}
	for draws, err := range e.inner.DrawChunks(part) {
		if err != nil {
			return d, err
		}
		for _, y := range draws.X {
			of, x := codes[len(d.X)], make([]float64, len(y)+len(e.of.Columns))
			e.of.Invert(y, of)
			for k, feature := range e.numbers {
				if x[feature] = y[k]; e.columns != nil {
					x[feature] = e.columns[feature].Inverse(y[k])
				}
			}
			writeCodes(e.of, x, of)
			d.X = append(d.X, x)
		}
	}
	if s.LogProb {
		d.LogProb, err = density.LogProb(e, d.X)
	}
	return d, err
}

// deafEngine is an engine that takes no context, among others that do.
type deafEngine struct {
	inner    Engine
	features int
}

// LogProbTo implements [density.Scorer].
func (e *deafEngine) LogProbTo(dst []float64, x *mat.Dense) error {
	n, _ := x.Dims()
	return e.inner.LogProbTo(dst, mat.DenseCopyOf(x.Slice(0, n, 0, e.features)))
}

// DrawChunks implements [Engine].
func (e *deafEngine) DrawChunks(s Sampling) iter.Seq2[Draws, error] {
	s.Context = nil
	return e.inner.DrawChunks(s)
}
