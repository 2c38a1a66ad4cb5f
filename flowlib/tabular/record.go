// Package tabular turns a table in a file into a fitted, judged model, and uses the model
// on tables: it fits, scores and draws rows, flags anomalies, and writes a page about how
// good the model is. The flow command calls it.
//
// A model remembers its columns by name, so files may have them in any order, among
// others. Files are read and written in chunks and may be larger than memory; only Fit
// and the diagnosis of Evaluate hold rows.
//
// All densities are in nats per row and in the units of the file.
package tabular

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"

	"normflow/flowlib/eval"
	"normflow/flowlib/fit"
	"normflow/flowlib/flow"
	"normflow/flowlib/table"
	"normflow/internal/show"
)

// Record is what Fit stores with the weights, as the training record of a model.
type Record struct {
	Kind    string `json:"kind"`    // recordKind
	Program string `json:"program"` // version of the library that fitted it
	Created string `json:"created"` // RFC 3339, UTC

	Source Source `json:"source"`
	// Streamed is absent if all rows were held.
	Streamed *Streamed `json:"streamed,omitempty"`
	Features []string  `json:"features"`          // names of the columns, [D]
	Context  []string  `json:"context,omitempty"` // names of the columns of context, [C]
	Weights  string    `json:"weights,omitempty"` // name of the column of the rows' weights, used for every mean; "": all count the same
	Split    Split     `json:"split"`
	// Steps holds the step of the grid of each feature, [D+C]; noise of one step was
	// added before fitting. It is 0 for continuous features and for context, and absent
	// if no column got noise.
	Steps []float64 `json:"dequantised,omitempty"`
	// Columns says how each column was treated, left-out ones included.
	Columns []Treatment `json:"columns,omitempty"`
	Reasons []string    `json:"reasons"` // of the choices
	// Warnings say what may be wrong with the table, a sentence each.
	Warnings []table.Note `json:"warnings"`

	Engine string     `json:"engine"` // fast, or a backend such as xla:cpu
	Fit    fit.Config `json:"fit"`
	Result fit.Result `json:"result"`
	// Gaussian compares the flow with the Gaussian of the training rows, if that was
	// possible.
	Gaussian *Comparison `json:"gaussian,omitempty"`
	// Compared lists the densities that were tried and make up the model; absent if the
	// user chose the model. In a table with atoms they are those of its most frequent
	// pattern.
	Compared []Compared `json:"compared,omitempty"`
	// ComparedOn says in words which rows were compared; "" means all.
	ComparedOn string `json:"compared_on,omitempty"`
	// Folds is the number of folds of the cross-validation, 0 if there was none.
	Folds int `json:"folds,omitempty"`

	// NLLs of the rows of each part, dequantized; Test is absent if there is no test
	// part.
	Train NLL  `json:"train"`
	Valid NLL  `json:"valid"`
	Test  *NLL `json:"test,omitempty"`

	// Calibration holds the sorted log-densities of held-out rows as they are in the
	// file: what scores of normal rows look like.
	Calibration Calibration `json:"calibration"`
	// Spreads holds those of each feature, [D], by which rows are scored, see [Balanced];
	// absent of models of older versions.
	Spreads []Spread `json:"spreads,omitempty"`
	// Typical holds quantiles of each feature, [D], as normal values.
	Typical [][]float64 `json:"typical"`
	// Quartiles holds the three quartiles of each column of the training rows, [D+C], to
	// detect what has moved.
	Quartiles [][]float64 `json:"quartiles,omitempty"`
	// ContextValues holds the distinct values of each column of context if they are few,
	// such as classes or settings, else an empty list, [C].
	ContextValues [][]float64 `json:"context_values,omitempty"`
	// ContextTexts are the columns of texts whose levels are columns of context.
	ContextTexts []ContextTexts `json:"context_texts,omitempty"`
	// Sketch holds fingerprints of some rows, to recognize the table.
	Sketch  []uint64          `json:"sketch,omitempty"`
	Summary table.Summary     `json:"summary"` // of all rows that were read
	Options map[string]string `json:"options"` // that were set, as the command's flags
}

// ReadRecord returns the record of a model's folder, which [Fit] has made.
func ReadRecord(dir string) (*Record, error) {
	m, err := flow.ReadMixture(dir)
	if err != nil {
		return nil, err
	}
	r, err := parseRecord(m.Training, m.Features(), m.Context())
	if err == nil && r == nil {
		err = errors.New("has no record of a fit to a table")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", show.Path(dir), err)
	}
	return r, nil
}

const recordKind = "normflow table fit 1"

// Source describes the file or the files a model was fitted to.
type Source struct {
	File   string `json:"file"`             // the first
	SHA256 string `json:"sha256,omitempty"` // of the only file; "" of what was read from a pipe
	// Files are all files, in their order, if there are several.
	Files   []SourceFile `json:"files,omitempty"`
	Format  string       `json:"format"`
	Rows    int          `json:"rows"`    // used
	Dropped int64        `json:"dropped"` // for a missing value
	// Missing counts the rows that miss a value, if that is part of the density.
	Missing int64 `json:"missing,omitempty"`
	// Weightless counts the rows left out because their weight is 0.
	Weightless int64 `json:"weightless,omitempty"`
	// Outliers counts the rows left out because they lie far outside.
	Outliers int `json:"outliers,omitempty"`
}

// Split says how many rows each part has.
type Split struct {
	Seed  int64 `json:"seed"`
	Train int   `json:"train"`
	Valid int   `json:"valid"`
	Test  int   `json:"test"`
}

// NLL is the mean of -log p in nats per row, and in bits per feature, over the rows that
// have a density.
type NLL struct {
	eval.Estimate
	BitsPerDim float64 `json:"bits_per_dim"`
	// Zero counts the other rows, of density 0. They would make the mean infinite, which
	// JSON cannot hold and which says nothing about the others.
	Zero int64 `json:"zero,omitempty"`
}

func (n NLL) String() string {
	text := fmt.Sprintf("%8.4f ± %.4f nats  %8.4f bits/dim", n.Mean, n.SE, n.BitsPerDim)
	if n.Zero > 0 {
		text += fmt.Sprintf("  but for rows of density 0: %d", n.Zero)
	}
	return text
}

// newNLL returns the NLL of log-densities of rows with weights (nil: all 1), or an error if
// fewer than two are finite.
func newNLL(logProb, weights []float64, features int) (NLL, error) {
	var s sums
	for i, lp := range logProb {
		s.add(lp, weightOf(weights, i))
	}
	return s.nll(features)
}

// sums accumulates an NLL by Welford's update.
type sums struct {
	n, zero   int64   // rows with finite log-density, and with density 0
	exponent  int     // the weights are divided by this power of two
	w, mean   float64 // the sum of the weights, and the weighted mean
	squares   float64 // the sum of the squared weights
	mean2, m2 float64 // the mean and the sum of squares with these as weights
}

// add adds a row. A row of weight 0 is ignored.
func (s *sums) add(logProb, weight float64) {
	switch {
	case weight == 0:
		return
	case math.IsInf(logProb, -1):
		s.zero++
		return
	}
	if s.n++; s.n == 1 { // so that no square overflows
		_, s.exponent = math.Frexp(weight)
	}
	weight = math.Ldexp(weight, -s.exponent)
	s.w += weight
	s.mean += (-logProb - s.mean) * weight / s.w
	square := weight * weight
	s.squares += square
	delta := -logProb - s.mean2
	s.mean2 += delta * square / s.squares
	s.m2 += square * delta * (-logProb - s.mean2)
}

// error returns the standard error of the mean, √(Σw²(x-m)²)/Σw, times √(n/(n-1)) for n
// effective rows.
func (s *sums) error() float64 {
	off := s.mean2 - s.mean
	return math.Sqrt((s.m2 + s.squares*off*off) / (s.w*s.w - s.squares))
}

func (s *sums) nll(features int) (NLL, error) {
	se := s.error()
	switch {
	case s.n < 2:
		return NLL{}, fmt.Errorf("tabular: an NLL with its standard error needs at least 2 rows that have a density, found %d and %d of density 0", s.n, s.zero)
	case math.IsNaN(s.mean+se) || math.IsInf(s.mean+se, 0):
		return NLL{}, fmt.Errorf("tabular: the NLL of %d rows is %g ± %g", s.n, s.mean, se)
	}
	return NLL{eval.Estimate{Mean: s.mean, SE: se}, s.mean / float64(features) / math.Ln2, s.zero}, nil
}

// Calibration is a sample of log-densities of rows that the fit has not seen.
type Calibration struct {
	Part string `json:"part"` // test, or valid if there is no test part
	// Zero counts rows of density 0, whose -Inf JSON cannot hold. They are normal rows
	// too: p-values count them.
	Zero   int       `json:"zero,omitempty"`
	Scores []float64 `json:"scores"` // of the others
	// Balanced holds the scores of the same rows that anomalies are compared with, sorted,
	// see [Balanced]; absent where these are the log-densities.
	Balanced []float64 `json:"balanced,omitempty"`
}

// all returns the log-densities of all rows, sorted.
func (c Calibration) all() []float64 {
	return append(slices.Repeat([]float64{math.Inf(-1)}, c.Zero), c.Scores...)
}

// forAnomalies returns the scores of all rows that anomalies are compared with, sorted.
func (c Calibration) forAnomalies() []float64 {
	if c.Balanced != nil {
		c.Scores = c.Balanced
	}
	return c.all()
}

// calibrate returns the sample of the given log-densities and scores for anomalies, which it
// sorts.
func calibrate(part string, logProb, balanced []float64) Calibration {
	slices.Sort(logProb)
	slices.Sort(balanced)
	zero := sort.SearchFloat64s(logProb, -math.MaxFloat64)
	if balanced != nil {
		balanced = balanced[zero:]
	}
	return Calibration{part, zero, logProb[zero:], balanced}
}

// maxCalibration bounds Scores: enough for a false-alarm rate of 1e-4.
const maxCalibration = 20000
