package tabular

import (
	"context"
	"slices"

	"gonum.org/v1/gonum/stat"

	"normflow/flowlib/columns"
	"normflow/flowlib/dataset"
	"normflow/flowlib/fit"
	"normflow/flowlib/flow"
	"normflow/flowlib/gmm"
)

// candidate is a kind of density that is tried.
type candidate struct {
	name string
	// simple fits a density that is not a flow; nil for a flow.
	simple     func(rows [][]float64, weights []float64) ([]flow.Member, error)
	parameters int // of each member of a simple one

	flow   *flow.Config // without its scaler
	whiten func(*dataset.Standardizer) *dataset.Standardizer
	fit    fit.Config
}

const (
	// With rowsPerColumn rows per column a large flow learns so much that a small one
	// adds nothing.
	rowsPerColumn = 1000
	calmRate      = 3e-3 // learning rate of the small flow
	calmDecay     = 1    // weight decay of the small flow
)

// candidates returns the densities to try if the user has not chosen one, simplest first.
// Given a context they are a linear Gaussian and flows.
func (j *job) candidates() (all []candidate) {
	d := len(j.data.features)
	if c := len(j.data.context); c > 0 && j.data.of == nil {
		all = []candidate{{name: "linear gaussian", simple: j.linear, parameters: d + d*(d+1)/2 + c*d}}
	} else {
		all = []candidate{
			{name: "gaussian", simple: j.gaussian, parameters: d + d*(d+1)/2},
			{name: "gaussian mixture", simple: j.mixture, parameters: 1 + d + d*(d+1)/2},
		}
		if !slices.ContainsFunc(j.data.maps, stretches) {
			all = append(all, candidate{name: "wide", simple: j.wide, parameters: 2 * d})
		}
	}
	if j.simpleOnly {
		return all
	}
	if rows := len(j.data.raw.Train); rows <= maxFolded || rows < rowsPerColumn*(d+len(j.data.context)) {
		small, training := j.flow, j.fit
		small.Layers, small.Hidden, small.Bins = 4, []int{16}, 6
		small.Base, small.Components = "", 0
		training.LearningRate, training.WeightDecay = calmRate, calmDecay
		// It starts as the Gaussian of the rows and departs from it only for something
		// better.
		whitened := func(s *dataset.Standardizer) *dataset.Standardizer { return s }
		all = append(all, candidate{name: "nsf-small", flow: &small, whiten: whitened, fit: training})
	}
	return append(all, candidate{name: j.flow.Name(), flow: &j.flow, whiten: (*dataset.Standardizer).ForFlow, fit: j.fit})
}

// stretches reports whether a map turns draws far out, such as those of a Cauchy density,
// into values farther out by powers of ten. Such maps have already pulled in what lies
// far outside.
func stretches(c columns.Column) bool {
	return c.Freedom > 0 || c.Kind == columns.Positive && c.Softness == 0
}

// gaussian fits a Gaussian to the mean and the shrunk covariance of the rows.
func (j *job) gaussian(rows [][]float64, weights []float64) ([]flow.Member, error) {
	whitener, _, err := dataset.NewWeightedWhitener(rows, weights)
	if err != nil {
		return nil, err
	}
	m, err := j.member(1, flow.Gaussian(len(j.data.features)), whitener)
	return []flow.Member{m}, err
}

// mixture fits a mixture of as many Gaussians as the BIC favors.
func (j *job) mixture(rows [][]float64, weights []float64) (members []flow.Member, err error) {
	m, err := gmm.Choose(rows, weights, j.Seed)
	if err != nil {
		return nil, err
	}
	for _, c := range m.Components {
		member, err := j.member(c.Weight, flow.Gaussian(len(j.data.features)), c.Scaler)
		if err != nil {
			return nil, err
		}
		members = append(members, member)
	}
	return members, nil
}

// wide returns independent Cauchy densities of the columns around the middle of the rows.
// In a mixture it costs little near the rows, and keeps rows far outside from a
// log-density too low for any number.
func (j *job) wide(rows [][]float64, weights []float64) ([]flow.Member, error) {
	cfg := flow.Gaussian(len(j.data.features))
	cfg.Base, cfg.Freedom = "student", 1
	s, err := dataset.NewWeightedStandardizer(rows, weights)
	if err != nil {
		return nil, err
	}
	values := make([]float64, len(rows))
	for k := range s.Mean {
		for i, row := range rows {
			values[i] = row[k]
		}
		of := slices.Clone(weights)
		stat.SortWeighted(values, of)
		quantile := func(p float64) float64 { return stat.Quantile(p, stat.LinInterp, values, of) }
		s.Mean[k] = quantile(0.5)
		if half := (quantile(0.75) - quantile(0.25)) / 2; half > 1e-3*s.Std[k] { // otherwise most rows have the same value
			s.Std[k] = half
		}
	}
	member, err := j.member(1, cfg, s)
	return []flow.Member{member}, err
}

// member returns a density without trained numbers, described by its scaler alone.
func (j *job) member(weight float64, cfg flow.Config, s *dataset.Standardizer) (flow.Member, error) {
	cfg.Scaler, cfg.Seed = s, j.Seed
	m, err := cfg.NewModel(j.backend)
	if err != nil {
		return flow.Member{}, err
	}
	saved, err := m.Saved(nil)
	return flow.Member{Weight: weight, Saved: saved}, err
}

// trainOne trains a flow on one part.
func (j *job) trainOne(ctx context.Context, c candidate, p part, alone bool) ([]flow.Member, fit.Result, error) {
	features, _ := columnsOf(p.train[:p.rows], len(j.data.features))
	whitener, _, err := dataset.NewWeightedWhitener(features, p.weights)
	if err != nil {
		return nil, fit.Result{}, err
	}
	cfg := *c.flow
	cfg.Scaler = c.whiten(whitener)
	m, err := cfg.NewModel(j.backend)
	if err != nil {
		return nil, fit.Result{}, err
	}
	training := c.fit
	step := j.Step
	if alone {
		training.Checkpoint = j.place.Checkpoint(j.trained)
		j.trained++
	} else {
		training.Checkpoint, step = "", nil // a fold takes seconds: no checkpoint, no progress
	}
	result, err := j.run(ctx, m, p, training, step)
	if err != nil {
		return nil, result, j.place.Interrupted(ctx, err)
	}
	saved, err := m.Saved(nil)
	return []flow.Member{{Weight: 1, Saved: saved}}, result, err
}
