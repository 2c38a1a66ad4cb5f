package imageflow

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"normflow/flowlib/density"
	"normflow/flowlib/imageset"
)

// Mixture is the density of pictures whose class is not known, by a flow that is given it:
//
//	q(x) = Σ_c Shares[c] q(x | c)
type Mixture struct {
	By     density.Scorer // of pictures given their class
	Shares []float64      // of the classes; they sum to 1
}

// LogProbTo sets dst to the log-densities of rows of pictures, [n, D], in nats.
func (m Mixture) LogProbTo(dst []float64, x *mat.Dense) error {
	joint, err := m.joint(x)
	if err != nil {
		return err
	}
	for i := range dst {
		dst[i] = floats.LogSumExp(joint.RawRowView(i))
	}
	return nil
}

// joint returns ln(Shares[c] q(x | c)) of rows of pictures, [n, classes].
func (m Mixture) joint(x *mat.Dense) (*mat.Dense, error) {
	n, d := x.Dims()
	joint, given := mat.NewDense(n, len(m.Shares), nil), mat.NewDense(n, d+len(m.Shares), nil)
	given.Slice(0, n, 0, d).(*mat.Dense).Copy(x)
	logProb := make([]float64, n)
	for class, share := range m.Shares {
		for i := range n {
			context := given.RawRowView(i)[d:]
			clear(context)
			context[class] = 1
		}
		if err := m.By.LogProbTo(logProb, given); err != nil {
			return nil, err
		}
		for i, lp := range logProb {
			joint.Set(i, class, math.Log(share)+lp)
		}
	}
	return joint, nil
}

// Score is [Score] for pictures whose class is not known. classes has the probability of
// each class, [n][classes], as the model has it:
//
//	p(c | x) ∝ Shares[c] exp(E_u[ln q(x+u | c)])
func (m Mixture) Score(pictures *imageset.Set, draws int, seed int64) (b Bits, classes [][]float64, err error) {
	classes = make([][]float64, pictures.Len())
	for i := range classes {
		classes[i] = make([]float64, len(m.Shares))
	}
	b, err = bitsOf(pictures, 0, draws, seed, func(rows [][]float64) ([]float64, error) {
		const together = 4096 // rows: they are copied
		var logProb []float64
		for block := range slices.Chunk(rows, together) {
			x := mat.NewDense(len(block), pictures.Shape.Features(), nil)
			for i, row := range block {
				x.SetRow(i, row)
			}
			joint, err := m.joint(x)
			if err != nil {
				return nil, err
			}
			for i := range block {
				of := joint.RawRowView(i)
				floats.AddScaled(classes[len(logProb)%len(classes)], 1/float64(draws), of)
				logProb = append(logProb, floats.LogSumExp(of))
			}
		}
		return logProb, nil
	})
	if err != nil {
		return b, nil, err
	}
	for _, of := range classes {
		all := floats.LogSumExp(of)
		for c := range of {
			if of[c] = math.Exp(of[c] - all); math.IsInf(all, -1) { // no class can be it
				of[c] = m.Shares[c]
			}
		}
	}
	return b, classes, nil
}
