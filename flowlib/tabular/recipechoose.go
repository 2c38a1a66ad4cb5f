package tabular

import (
	"normflow/flowlib/fit"
	"normflow/flowlib/flow"
	"normflow/internal/show"
)

// These choices were made on the nine toy densities at 16,000 rows and on tables of
// anomalies of 130 to 5,000 rows, with other splits than those reported.
const (
	rowsPerComponent = 100 // of a mixture base, at least
	maxComponents    = 96
	leastComponents  = 2

	maxCopies = 10
	maxNoisy  = 20000 // training rows with their copies
)

// chooseFlow takes splines over a mixture, which came closest to every density tried,
// with as many components as the rows support.
func (r *recipe) chooseFlow(a ask, context int) (err error) {
	name := a.model
	if name == "" {
		name = "nsf"
		what := "a Gaussian, a mixture of Gaussians and flows"
		if context > 0 && !a.alone {
			what = "a linear Gaussian and flows"
		}
		r.because("compared: %s of rational-quadratic splines; the large one came closest to all densities with known entropy", what)
	}
	if r.Flow, err = flow.Named(name, a.features); err != nil {
		return err
	}
	if r.Flow.Context = context; a.alone && r.Flow.Layers == 0 { // a Gaussian takes no input
		r.Flow.Context = 0
	}
	if a.layers != 0 {
		r.Flow.Layers = a.layers
	}
	if r.Flow.Base != "mixture" {
		return nil
	}
	r.Flow.Components = min(a.rows/rowsPerComponent, maxComponents)
	if r.Flow.Components < leastComponents {
		r.Flow.Base, r.Flow.Components = "", 0
		r.because("a Gaussian base: %d training rows are too few for a mixture (%d for each of at least %d components)", a.rows, rowsPerComponent, leastComponents)
		return nil
	}
	r.because("%d components in the base: one for each %d of %d training rows, at most %d", r.Flow.Components, rowsPerComponent, a.rows, maxComponents)
	return nil
}

// chooseFit chooses the training by the kind of flow and the number of rows.
func (r *recipe) chooseFit(a ask) {
	r.Fit = fit.ConfigFor(r.Flow, a.rows)
	if a.steps != 0 {
		r.Fit.Steps = a.steps
	}
	r.because("the weights are averages over the last steps of training (decay %g): they are closer to the optimum than the final weights", r.Fit.EMADecay)
	if usual := fit.DefaultConfig(r.Flow).BatchSize; r.Fit.BatchSize < usual {
		r.because("batches of %d instead of %d, for %d training rows", r.Fit.BatchSize, usual, a.rows)
	}
	r.because("training ends when the validation NLL has not fallen for %d steps, at the latest after %d", r.Fit.Patience*r.Fit.EvalEvery, r.Fit.Steps)
}

// chooseNoise dequantizes features on a grid: a density could grow without bound at their
// values, and the fit would learn the grid. Context needs no noise, since it has no
// density.
func (r *recipe) chooseNoise(a ask) {
	var names []string
	for i, c := range a.summary.Columns[:a.features] {
		if !c.Quantized() {
			continue
		}
		if r.Noise == nil {
			r.Noise = make([]float64, len(a.summary.Columns))
		}
		r.Noise[i] = c.Step
		names = append(names, c.Name)
	}
	if names == nil {
		return
	}
	r.Copies = max(1, min(maxCopies, maxNoisy/a.rows))
	r.because("noise of one step of their grids is added to %s: the density is that of the table with this noise, in which training sees each row %d times", show.Names(names), r.Copies)
}
