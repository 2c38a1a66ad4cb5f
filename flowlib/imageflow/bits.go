package imageflow

import (
	"math"

	"gonum.org/v1/gonum/stat"

	"normflow/flowlib/imageset"
)

// Bits is what pictures cost under a model.
type Bits struct {
	PerDim float64 `json:"bits_per_dim"`             // mean over the pictures, an upper bound on that of the discrete model
	StdErr float64 `json:"standard_error,omitempty"` // 0 for one picture, which has none
	Draws  int     `json:"draws"`                    // of the dequantization noise for each picture
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
	return bitsOf(pictures, classes, draws, seed, func(rows [][]float64) ([]float64, error) { return m.LogProb(rows) })
}

// bitsOf is [Score] with the log-densities of rows, all pictures once or several times.
func bitsOf(pictures *imageset.Set, classes, draws int, seed int64, logProbOf func(rows [][]float64) ([]float64, error)) (Bits, error) {
	b := Bits{Draws: draws, Each: make([]float64, pictures.Len())}
	together := drawsTogether(pictures.Len())
	for first := 0; first < draws; first += together {
		var rows [][]float64
		for draw := first; draw < min(first+together, draws); draw++ {
			rows = append(rows, pictures.Dequantized(1, classes, seed+int64(draw)<<32)...)
		}
		logProb, err := logProbOf(rows)
		if err != nil {
			return b, err
		}
		for i, lp := range logProb {
			b.Each[i%len(b.Each)] -= lp / (math.Ln2 * float64(pictures.Shape.Features()*draws))
		}
	}
	b.PerDim, b.StdErr = Mean(b.Each)
	return b, nil
}

// drawsTogether is how many draws of the noise make about as many rows as a model works on
// at a time at most, whether it is given them or not. More would only take memory: rows take eight
// times that of the pictures.
func drawsTogether(pictures int) int {
	for _, atOnce := range []int{1, 64} {
		if pictures <= atOnce {
			return atOnce / max(1, pictures)
		}
	}
	return max(1, 4096/pictures)
}

// Mean returns the mean of what pictures cost and its standard error, 0 for one picture.
func Mean(each []float64) (mean, se float64) {
	if mean, se = stat.MeanStdDev(each, nil); len(each) == 1 {
		return mean, 0
	}
	return mean, se / math.Sqrt(float64(len(each)))
}
