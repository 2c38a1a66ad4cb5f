package imageflow

import (
	"math"

	"gonum.org/v1/gonum/stat"

	"normflow/flowlib/imageset"
)

// Bits is what pictures cost under a model.
type Bits struct {
	PerDim float64 `json:"bits_per_dim"` // mean over the pictures, an upper bound on that of the discrete model
	StdErr float64 `json:"standard_error"`
	Draws  int     `json:"draws"` // of the dequantization noise for each picture
	// Each is the same for each picture.
	Each []float64 `json:"-"`
}

// scorer is a model whose rows are pictures and, if it has classes, the class.
type scorer interface {
	LogProb(rows [][]float64) ([]float64, error)
}

// Score returns the bits per dimension of the discrete pixels of pictures under m, the
// mean over draws of the noise:
//
//	-E_u[log₂ q(x+u)] / D ≥ -log₂ Q(x) / D
//
// classes is that of the config. The standard error is that of a mean over pictures. The
// seed gives the noise.
func Score(m scorer, pictures *imageset.Set, classes, draws int, seed int64) (Bits, error) {
	b := Bits{Draws: draws, Each: make([]float64, pictures.Len())}
	for draw := range draws { // one at a time: the rows take eight times the memory of the pictures
		logProb, err := m.LogProb(pictures.Dequantized(1, classes, seed+int64(draw)<<32))
		if err != nil {
			return b, err
		}
		for i, lp := range logProb {
			b.Each[i] -= lp / (math.Ln2 * float64(pictures.Shape.Features()*draws))
		}
	}
	mean, std := stat.MeanStdDev(b.Each, nil)
	b.PerDim, b.StdErr = mean, std/math.Sqrt(float64(len(b.Each)))
	return b, nil
}
