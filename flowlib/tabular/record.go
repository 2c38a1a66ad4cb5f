// Package tabular goes from a table in a file to a judged model, and back to
// tables: it fits a flow, scores and draws rows, flags anomalies, and writes a page
// about how good the flow is. It is what the flow command calls.
//
// A model remembers the columns it was fitted to by name, so that a file may have
// them in any order and others beside them. Files are read and written a chunk at a
// time, and may be larger than memory; only Fit, and Evaluate's diagnosis, hold rows.
//
// All densities are in nats per row and in the units of the file.
package tabular

import (
	"fmt"
	"math"
	"slices"
	"sort"

	"normflow/flowlib/eval"
	"normflow/flowlib/fit"
	"normflow/flowlib/table"
)

// Record is what Fit keeps beside the weights, as the training record of a model.
type Record struct {
	Kind    string `json:"kind"`    // recordKind
	Program string `json:"program"` // version of the library that fitted it
	Created string `json:"created"` // RFC 3339, UTC

	Source   Source   `json:"source"`
	Features []string `json:"features"`          // names of the columns, [D]
	Context  []string `json:"context,omitempty"` // of the columns that are conditioned on, [C]
	Split    Split    `json:"split"`
	// Steps of the grid that each feature lies on, [D+C]; noise of one step was added
	// before fitting. 0: the feature is continuous, or it is context, which gets no
	// noise. Absent: no column got any.
	Steps []float64 `json:"dequantised,omitempty"`
	// Columns says what became of each column that was asked for or left out.
	Columns []Treatment `json:"columns,omitempty"`
	Reasons []string    `json:"reasons"` // what was chosen, and why
	// Warnings say in a sentence each what may be wrong with the table.
	Warnings []table.Note `json:"warnings"`

	Engine string     `json:"engine"` // fast, or a backend such as xla:cpu
	Fit    fit.Config `json:"fit"`
	Result fit.Result `json:"result"`
	// Gaussian is the comparison with the Gaussian of the training rows; absent where
	// there was none.
	Gaussian *Comparison `json:"gaussian,omitempty"`
	// Compared are the densities that were tried, of which the model is made; absent where
	// the user has named it. Of a table with atoms they are those of its most frequent pattern.
	Compared []Compared `json:"compared,omitempty"`
	// ComparedOn says in words which rows these are; "" is all.
	ComparedOn string `json:"compared_on,omitempty"`
	// Folds is how often the rows were parted in others, in cross-validation; 0: once.
	Folds int `json:"folds,omitempty"`

	// NLLs of the rows of each part, dequantized; Test is absent where none was split off.
	Train NLL  `json:"train"`
	Valid NLL  `json:"valid"`
	Test  *NLL `json:"test,omitempty"`

	// Calibration holds log-densities of held-out rows as they stand in the file,
	// sorted: what scores of normal rows look like.
	Calibration Calibration `json:"calibration"`
	// Typical holds values of each feature that are normal, [D]: quantiles.
	Typical [][]float64 `json:"typical"`
	// Quartiles of each column of the training rows, [D+C]: three, to see what has moved.
	Quartiles [][]float64 `json:"quartiles,omitempty"`
	// ContextValues holds, for each column of context, all its values if they are few,
	// such as classes or settings, else none, [C].
	ContextValues [][]float64 `json:"context_values,omitempty"`
	// Sketch holds fingerprints of some rows, by which the table is known again.
	Sketch  []uint64          `json:"sketch,omitempty"`
	Summary table.Summary     `json:"summary"` // of all rows that were read
	Options map[string]string `json:"options"` // those that were set, as the command's flags
}

const recordKind = "normflow table fit 1"

// Source is the file a model was fitted to.
type Source struct {
	File    string `json:"file"`
	SHA256  string `json:"sha256,omitempty"` // "" of what was read from a pipe
	Format  string `json:"format"`
	Rows    int    `json:"rows"`    // used
	Dropped int64  `json:"dropped"` // left out for a missing value
	// Outliers counts the rows left out since they lie far outside.
	Outliers int `json:"outliers,omitempty"`
}

// Split says how many rows went where.
type Split struct {
	Seed  int64 `json:"seed"`
	Train int   `json:"train"`
	Valid int   `json:"valid"`
	Test  int   `json:"test"`
}

// NLL is the mean of -log p in nats per row, and the same in bits per feature, over the
// rows that have a density.
type NLL struct {
	eval.Estimate
	BitsPerDim float64 `json:"bits_per_dim"`
	// Zero counts the rows of density 0 beside them: with these the mean is infinite,
	// for which JSON has no number, and says nothing of the others.
	Zero int64 `json:"zero,omitempty"`
}

func (n NLL) String() string {
	text := fmt.Sprintf("%8.4f ± %.4f nats  %8.4f bits/dim", n.Mean, n.SE, n.BitsPerDim)
	if n.Zero > 0 {
		text += fmt.Sprintf("  but for rows of density 0: %d", n.Zero)
	}
	return text
}

// newNLL is that of log-densities. It returns an error unless at least two are finite.
func newNLL(logProb []float64, features int) (NLL, error) {
	var s sums
	for _, lp := range logProb {
		s.add(lp)
	}
	return s.nll(features)
}

// sums gather an NLL as log-densities come, by Welford's update.
type sums struct {
	n, zero  int64 // rows of finite log-density, and of density 0
	mean, m2 float64
}

func (s *sums) add(logProb float64) {
	if math.IsInf(logProb, -1) {
		s.zero++
		return
	}
	s.n++
	delta := -logProb - s.mean
	s.mean += delta / float64(s.n)
	s.m2 += delta * (-logProb - s.mean)
}

func (s *sums) nll(features int) (NLL, error) {
	se := math.Sqrt(s.m2 / float64(s.n-1) / float64(s.n))
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
	Part string `json:"part"` // test, or valid where there is no test part
	// Zero counts rows of density 0, whose -Inf JSON has no number for. They are no less
	// normal for it: p-values count them.
	Zero   int       `json:"zero,omitempty"`
	Scores []float64 `json:"scores"` // of the others
}

// all returns the log-densities of all rows, sorted.
func (c Calibration) all() []float64 {
	return append(slices.Repeat([]float64{math.Inf(-1)}, c.Zero), c.Scores...)
}

// calibrate is the sample of these log-densities, which it sorts.
func calibrate(part string, logProb []float64) Calibration {
	slices.Sort(logProb)
	zero := sort.SearchFloat64s(logProb, -math.MaxFloat64)
	return Calibration{part, zero, logProb[zero:]}
}

// maxCalibration bounds Scores: enough for a false-alarm rate of 1e-4.
const maxCalibration = 20000
