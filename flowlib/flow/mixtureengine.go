package flow

import (
	"iter"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"normflow/flowlib/density"
)

// mixtureEngine scores and draws from a mixture by the engines of its members.
type mixtureEngine struct {
	weights   []float64
	members   []Engine
	features  int
	width     int         // of rows: with the context
	perMember [][]float64 // log(weight) + logProb
}

// Engine returns the mixture on the engines that open gives for its members. Its methods
// may not be called from several goroutines at once.
func (m *Mixture) Engine(open func(*Saved) (Engine, error)) (Engine, error) {
	if m.Atoms != nil {
		return m.atomicEngine(open)
	}
	if m.Categories != nil {
		return m.categoriesEngine(open)
	}
	inner, err := m.engine(open)
	if err != nil || m.Columns.Identity() {
		return inner, err
	}
	return &mappedEngine{inner: inner, columns: m.Columns, features: m.Features(), width: m.Features() + m.Context()}, nil
}

// engine is that behind the maps of the columns.
func (m *Mixture) engine(open func(*Saved) (Engine, error)) (Engine, error) {
	if len(m.Members) == 1 {
		return open(m.Members[0].Saved)
	}
	return newMixtureEngine(m.Members, m.Features(), m.Features()+m.Context(), open)
}

func newMixtureEngine(members []Member, features, width int, open func(*Saved) (Engine, error)) (*mixtureEngine, error) {
	e := &mixtureEngine{features: features, width: width, perMember: make([][]float64, len(members))}
	for _, member := range members {
		engine, err := open(member.Saved)
		if err != nil {
			return nil, err
		}
		e.members, e.weights = append(e.members, engine), append(e.weights, member.Weight)
	}
	return e, nil
}

// LogProbTo implements [density.Scorer].
func (e *mixtureEngine) LogProbTo(dst []float64, x *mat.Dense) error {
	for k, member := range e.members {
		e.perMember[k] = slices.Grow(e.perMember[k][:0], len(dst))[:len(dst)]
		if err := member.LogProbTo(e.perMember[k], x); err != nil {
			return err
		}
		floats.AddConst(math.Log(e.weights[k]), e.perMember[k])
	}
	terms := make([]float64, len(e.members))
	for i := range dst {
		for k := range terms {
			terms[k] = e.perMember[k][i]
		}
		dst[i] = floats.LogSumExp(terms) // -Inf where all terms are
	}
	return nil
}

// mixtureChunk is how many events are drawn at a time.
const mixtureChunk = 8192

// DrawChunks implements [Engine]: which member an event is from is drawn first, then the
// events of each member.
func (e *mixtureEngine) DrawChunks(s Sampling) iter.Seq2[Draws, error] {
	return s.chunks(false, e.width-e.features, mixtureChunk, e.draw)
}

// draw draws the chunk of count events that begins with the event first of the sample.
func (e *mixtureEngine) draw(s Sampling, first, count int) (d Draws, err error) {
	seed := s.Seed + int64(first/mixtureChunk)*chunkSeedStep
	of := make([][]int, len(e.members)) // places in the chunk
	rng := rand.New(rand.NewPCG(uint64(seed), 0x3f1d))
	for i := range count {
		k := choice(rng.Float64(), e.weights)
		of[k] = append(of[k], i)
	}
	d.X = make([][]float64, count)
	for k, places := range of {
		if len(places) == 0 {
			continue
		}
		part := Sampling{Seed: seed ^ int64(k+1)<<48, Count: len(places), Temperature: s.Temperature, Context: s.Context}
		if len(s.Context) > 1 {
			part.Context = nil
			for _, i := range places {
				part.Context = append(part.Context, s.Context[first+i])
			}
		}
		at := 0
		for draws, err := range e.members[k].DrawChunks(part) {
			if err != nil {
				return d, err
			}
			for _, x := range draws.X {
				d.X[places[at]] = x
				at++
			}
		}
	}
	if !s.LogProb {
		return d, nil
	}
	d.LogProb, err = density.LogProb(e, s.rows(d.X, first))
	return d, err
}

// choice is what a uniform number, from 0 to 1, chooses by weights that sum to 1.
func choice(u float64, weights []float64) (k int) {
	for u -= weights[0]; u >= 0 && k+1 < len(weights); u -= weights[k] {
		k++
	}
	return k
}

// rows are events with their contexts; the first is that of the sample's event first.
func (s Sampling) rows(x [][]float64, first int) [][]float64 {
	if len(s.Context) == 0 {
		return x
	}
	rows := make([][]float64, len(x))
	for i := range x {
		rows[i] = slices.Concat(x[i], s.context(first+i))
	}
	return rows
}
