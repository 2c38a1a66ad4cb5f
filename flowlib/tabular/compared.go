package tabular

import (
	"fmt"
	"math"

	"normflow/internal/show"
)

// Compared describes one of the densities that were fitted, and how well it did on rows
// it was not fitted to.
type Compared struct {
	Name       string  `json:"name"`
	Parameters int     `json:"parameters"` // trained numbers
	NLL        float64 `json:"nll"`        // nats per row, over rows that have a density
	SE         float64 `json:"se"`
	Zero       int     `json:"zero,omitempty"` // rows of density 0
	// Behind is by how many nats per row it is less likely than the model, row by row,
	// with standard error BehindSE; negative if it is likelier.
	Behind   float64 `json:"behind"`
	BehindSE float64 `json:"behind_se"`
	Weight   float64 `json:"weight"` // its weight in the model; 0 if left out
}

// compared compares a contender with the mixture.
func (c contender) compared(mixed, weights []float64, weight float64) Compared {
	var nll, behind sums
	said := Compared{Name: c.name, Weight: weight}
	for _, m := range c.members[0] {
		said.Parameters += m.Parameters
	}
	if c.flow == nil {
		said.Parameters = c.parameters * len(c.members[0])
	}
	for i, lp := range c.logProb {
		if math.IsNaN(lp) {
			continue
		}
		if math.IsInf(lp, -1) {
			said.Zero++
			continue
		}
		w := weightOf(weights, i)
		nll.add(lp, w)
		if !math.IsInf(mixed[i], -1) {
			behind.add(lp-mixed[i], w)
		}
	}
	said.NLL, said.SE = nll.meanAndError()
	said.Behind, said.BehindSE = behind.meanAndError()
	return said
}

// meanAndError returns the mean and its standard error, 0 for fewer than two values.
func (s *sums) meanAndError() (mean, se float64) {
	if s.n < 2 {
		return 0, 0
	}
	return s.mean, s.error()
}

// String describes it in one line, without the name.
func (c Compared) String() string {
	zero := ""
	if c.Zero > 0 {
		zero = fmt.Sprintf(" but for rows of density 0: %d", c.Zero)
	}
	return fmt.Sprintf("NLL %8.4f ± %.4f%s, by itself %.4f ± %.4f worse: %s", c.NLL, c.SE, zero, c.Behind, c.BehindSE, c.Used())
}

// Used says what share of the model it has.
func (c Compared) Used() string {
	if c.Weight > 0 {
		return fmt.Sprintf("%.0f %% of the model", 100*c.Weight)
	}
	return "left out"
}

// comparedIndent begins the reasons that are rows of the table of comparisons.
const comparedIndent = "  "

// sayCompared reports the comparison of the candidates.
func (j *job) sayCompared() {
	r := &j.record
	how := fmt.Sprintf("%d validation rows", r.Split.Valid)
	if r.Folds > 0 {
		how = fmt.Sprintf("%d rows left out in turn, by %d-fold cross-validation", r.Split.Train+r.Split.Valid, r.Folds)
	}
	if j.data.of != nil {
		how += " (of the numbers, given the categories)"
	}
	j.because("the model is the mixture of these that is likeliest on %s, NLL %.4f ± %.4f nats:", how, r.Valid.Mean, r.Valid.SE)
	for _, c := range r.Compared {
		j.because(comparedIndent+"%-18s %s", c.Name+":", c)
	}
}

// Made says in a sentence what the model consists of.
func (r *Record) Made() string {
	var of []string
	for _, c := range r.Compared {
		if c.Weight > 0 {
			of = append(of, fmt.Sprintf("%.0f %% %s", 100*c.Weight, show.Name(c.Name)))
		}
	}
	if r.ComparedOn != "" {
		return fmt.Sprintf("The model of %s is %s.", show.Text(r.ComparedOn), show.List(of))
	}
	return fmt.Sprintf("The model is %s.", show.List(of))
}
