package flow

import (
	"errors"
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

// atomicEngine is the mixture of the densities of all patterns, each of which is 0 for
// rows of others.
func (m *Mixture) atomicEngine(open func(*Saved) (Engine, error)) (Engine, error) {
	e := &mixtureEngine{features: m.Features(), width: m.Features()}
	add := func(weight float64, of Engine) {
		e.members, e.weights = append(e.members, of), append(e.weights, weight)
	}
	for k, member := range m.Members {
		if slices.ContainsFunc(m.Members[:k], func(o Member) bool { return slices.Equal(o.At, member.At) }) {
			continue
		}
		p := &patternEngine{atoms: m.Atoms, at: member.At, free: free(member.At, m.Features())}
		own := Mixture{Categories: m.Atoms.given(member.At)} // of all members of the pattern
		for _, d := range p.free {
			if m.Columns != nil {
				own.Columns = append(own.Columns, m.Columns[d])
			}
		}
		for _, o := range m.Members {
			if slices.Equal(o.At, member.At) {
				own.Members = append(own.Members, Member{Weight: o.Weight, Saved: o.Saved})
			}
		}
		weight := own.sum()
		for i := range own.Members {
			own.Members[i].Weight /= weight
		}
		var err error
		if p.inner, err = own.Engine(open); err != nil {
			return nil, err
		}
		add(weight, p)
	}
	for _, point := range m.Atoms.Points {
		p := &patternEngine{atoms: m.Atoms, at: point.At, free: free(point.At, m.Features())}
		if of := m.Atoms.given(point.At); of != nil {
			p.inner = &categoriesEngine{of: of, inner: noNumbers{}}
		}
		add(point.Weight, p)
	}
	add(m.Atoms.Rest.Weight, &restEngine{m.Atoms, m.Columns, m.Categories})
	e.perMember = make([][]float64, len(e.members))
	return e, nil
}

// patternEngine scores and draws rows of one pattern of atoms by an engine of the free
// features, nil where there are none.
type patternEngine struct {
	atoms *Atoms
	at    []int
	free  []int
	inner Engine
}

// LogProbTo implements [density.Scorer]: -Inf for rows of other patterns.
func (e *patternEngine) LogProbTo(dst []float64, x *mat.Dense) error {
	if err := density.Check(x, len(dst), len(e.at)); err != nil {
		return fmt.Errorf("flow: %w", err)
	}
	var places []int
	var values []float64
	for i := range dst {
		dst[i] = math.Inf(-1)
		row := x.RawRowView(i)
		if !e.atoms.is(row, e.at) {
			continue
		}
		places = append(places, i)
		for _, d := range e.free {
			values = append(values, row[d])
		}
	}
	logProb := make([]float64, len(places)) // 0 of a point
	if e.inner != nil && len(places) > 0 {
		if err := e.inner.LogProbTo(logProb, mat.NewDense(len(places), len(e.free), values)); err != nil {
			var nan *NaNError
			if errors.As(err, &nan) {
				return &NaNError{places[nan.Row], x.RawRowView(places[nan.Row])}
			}
			return err
		}
	}
	for k, i := range places {
		dst[i] = logProb[k]
	}
	return nil
}

// DrawChunks implements [Engine], without log-densities: the mixture has them.
func (e *patternEngine) DrawChunks(s Sampling) iter.Seq2[Draws, error] {
	s.LogProb = false
	row := func(of []float64) []float64 {
		x := make([]float64, len(e.at))
		for d, k := range e.at {
			if k > 0 {
				x[d] = e.atoms.Values[d][k-1]
			}
		}
		for i, d := range e.free {
			x[d] = of[i]
		}
		return x
	}
	return func(yield func(Draws, error) bool) {
		if e.inner == nil {
			var d Draws
			for range s.Count {
				d.X = append(d.X, row(nil))
			}
			yield(d, nil)
			return
		}
		for d, err := range e.inner.DrawChunks(s) {
			for i, x := range d.X {
				d.X[i] = row(x)
			}
			if !yield(d, err) || err != nil {
				return
			}
		}
	}
}

// restEngine scores and draws rows of any pattern by independent features.
type restEngine struct {
	atoms      *Atoms
	columns    columns.Map
	categories *categories.Density // nil: none
}

// LogProbTo implements [density.Scorer].
func (e *restEngine) LogProbTo(dst []float64, x *mat.Dense) error {
	r := e.atoms.Rest
	if err := density.Check(x, len(dst), len(r.Mean)); err != nil {
		return fmt.Errorf("flow: %w", err)
	}
	codes := make([]int, len(r.Mean))
	for i := range dst {
		dst[i] = 0
		if c := e.categories; c != nil {
			if !readCodes(c, codes[:len(c.Columns)], x.RawRowView(i)) {
				dst[i] = math.Inf(-1)
				continue
			}
			dst[i] = c.LogProb(codes[:len(c.Columns)])
		}
		for d, v := range x.RawRowView(i) {
			if e.isCode(d) {
				continue
			}
			k := slices.Index(e.atoms.Values[d], v) + 1
			dst[i] += math.Log(r.Shares[d][k])
			if k > 0 {
				continue
			}
			y, logDet := v, 0.0
			if e.columns != nil {
				y, logDet = e.columns[d].Forward(v)
			}
			z := (y - r.Mean[d]) / r.Std[d]
			dst[i] += logDet - z*z/2 - math.Log(r.Std[d]) - math.Log(2*math.Pi)/2
		}
		if math.IsNaN(dst[i]) { // an infinity less another: no density that a number can hold
			dst[i] = math.Inf(-1)
		}
	}
	return nil
}

func (e *restEngine) isCode(feature int) bool {
	return e.categories != nil && slices.ContainsFunc(e.categories.Columns, func(c categories.Column) bool { return c.Feature == feature })
}

// DrawChunks implements [Engine], without log-densities: the mixture has them.
func (e *restEngine) DrawChunks(s Sampling) iter.Seq2[Draws, error] {
	return func(yield func(Draws, error) bool) {
		r := e.atoms.Rest
		rng := rand.New(rand.NewPCG(uint64(s.Seed), 0x9e57))
		var draws Draws
		for range s.Count {
			x := make([]float64, len(r.Mean))
			for d := range x {
				z := rng.NormFloat64()
				k := choice(rng.Float64(), r.Shares[d])
				switch {
				case k > 0:
					x[d] = e.atoms.Values[d][k-1]
				case e.columns != nil:
					x[d] = e.columns[d].Inverse(r.Mean[d] + s.Temperature*r.Std[d]*z)
				default:
					x[d] = r.Mean[d] + s.Temperature*r.Std[d]*z
				}
			}
			if c := e.categories; c != nil {
				codes := make([]int, len(c.Columns))
				c.Draw(rng, codes)
				writeCodes(c, x, codes)
			}
			draws.X = append(draws.X, x)
		}
		yield(draws, nil)
	}
}
