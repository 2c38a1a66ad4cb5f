package gmm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/floats"

	"normflow/flowlib/dataset"
	"normflow/internal/kmeans"
)

const (
	fewSteps, mostSteps = 10, 100
	leastGain           = 1e-3 // nats per row: scikit-learn's criterion of convergence
	// startRows random rows are enough to find where the components are.
	startRows = 4000
)

// fitter holds what fits of the same rows share. Mixtures are fitted in whitened units,
// in which every direction has the same spread. The same seed gives the same result on
// any number of processors.
type fitter struct {
	whitener   *dataset.Standardizer
	rows       float64 // the effective number
	start, all *data
	// starts hold the rows that k-means clusters, startRows each.
	starts [][][]float64
	seed   int64
}

func newFitter(rows [][]float64, weights []float64, seed int64) (*fitter, error) {
	whitener, shrinkage, err := dataset.NewWeightedWhitener(rows, weights)
	if err != nil {
		return nil, err
	}
	f := &fitter{whitener: whitener, rows: dataset.EffectiveRows(weights, len(rows)), seed: seed}
	if weights != nil { // scale them to this sum
		factor := f.rows / floats.Sum(weights)
		weights = slices.Clone(weights)
		floats.Scale(factor, weights)
	}
	plain := &dataset.Standardizer{Mean: whitener.Mean, Std: whitener.Std}
	white, standard := apply(whitener, rows), apply(plain, rows)
	// Each component is shrunk by as many rows as the Gaussian of all rows was.
	prior := f.rows * shrinkage / (1 - shrinkage)
	f.all = newData(white, weights, prior)
	f.start, f.starts = f.all, [][][]float64{standard, white}
	if len(rows) > startRows {
		drawn := rand.New(rand.NewPCG(uint64(seed), 0x676d6d)).Perm(len(rows))[:startRows]
		f.starts = [][][]float64{pick(standard, drawn), pick(white, drawn)}
		f.start = newData(f.starts[1], pickWeights(weights, drawn), prior)
		if !(f.start.total > 0) {
			return nil, fmt.Errorf("gmm: fewer than 1 in %d of the %d rows have a weight above 0, expected more", startRows, len(rows))
		}
	}
	return f, nil
}

// fit returns the mixture in the units of the data, and its mean log-likelihood in
// whitened units.
func (f *fitter) fit(components int) (*Mixture, float64) {
	if components == 1 {
		one := &Mixture{Components: []Component{{1, identity(f.all.dims)}}}
		_, likelihood := f.all.expect(one)
		return f.inUnits(one), likelihood
	}
	var best *Mixture
	most := math.Inf(-1)
	for i, rows := range f.starts {
		_, cluster := kmeans.Part(rows, components, 1, f.seed+int64(i))
		m, likelihood := f.start.climb(f.start.maximize(f.start.hard(cluster, components)), fewSteps, leastGain)
		if likelihood > most || best == nil {
			best, most = m, likelihood
		}
	}
	if f.start != f.all {
		best, _ = f.start.climb(best, mostSteps, leastGain)
	}
	best, most = f.all.climb(best, mostSteps, leastGain)
	return f.inUnits(best), most
}

// hard returns shares, as expect does, that assign each row's weight to its cluster.
func (d *data) hard(cluster []int, components int) (shares [][][]float64) {
	for b, w := range d.weights {
		s := make([][]float64, components)
		for k := range s {
			s[k] = make([]float64, len(w))
		}
		for j, v := range w {
			s[cluster[b*blockRows+j]][j] = v
		}
		shares = append(shares, s)
	}
	return shares
}

// inUnits converts m from whitened rows to the units of the data: x = Mean + Std·L·u with
// u = mean + C·v depends on v by (L·C)·v, a triangle again, whose rows have the lengths
// Std.
func (f *fitter) inUnits(m *Mixture) *Mixture {
	units := &Mixture{}
	for _, c := range m.Components {
		s := &dataset.Standardizer{Mean: make([]float64, f.all.dims)}
		f.whitener.Invert(s.Mean, c.Scaler.Mean)
		for i := range f.all.dims {
			row, length := make([]float64, i+1), 0.0
			for j := range row {
				for k := j; k <= i; k++ {
					row[j] += f.factor(i, k) * c.Scaler.Factor[k][j]
				}
				length = math.Hypot(length, row[j])
			}
			for j := range row {
				row[j] /= length
			}
			s.Std = append(s.Std, f.whitener.Std[i]*length)
			s.Factor = append(s.Factor, row)
		}
		units.Components = append(units.Components, Component{c.Weight, s})
	}
	return units
}

func (f *fitter) factor(i, k int) float64 {
	if f.whitener.Factor == nil { // a single column
		return 1
	}
	return f.whitener.Factor[i][k]
}

func identity(dims int) *dataset.Standardizer {
	s := &dataset.Standardizer{Mean: make([]float64, dims)}
	for i := range dims {
		row := make([]float64, i+1)
		row[i] = 1
		s.Std, s.Factor = append(s.Std, 1), append(s.Factor, row)
	}
	return s
}

func apply(s *dataset.Standardizer, rows [][]float64) [][]float64 {
	out := make([][]float64, len(rows))
	for i, row := range rows {
		out[i] = make([]float64, len(row))
		s.Apply(out[i], row)
	}
	return out
}

func pick[T any](from []T, indices []int) []T {
	out := make([]T, len(indices))
	for i, at := range indices {
		out[i] = from[at]
	}
	return out
}

func pickWeights(weights []float64, indices []int) []float64 {
	if weights == nil {
		return nil
	}
	return pick(weights, indices)
}
