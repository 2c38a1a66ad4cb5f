package tabular

import (
	"context"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"

	"normflow/flowlib/density"
	"normflow/flowlib/fit"
	"normflow/flowlib/flow"
	"normflow/internal/show"
)

// Compared is a density that was fitted to the rows beside others, and what it was worth
// on rows that it was not fitted to.
type Compared struct {
	Name       string  `json:"name"`
	Parameters int     `json:"parameters"` // trained numbers
	NLL        float64 `json:"nll"`        // nats per row; of the rows that have a density
	SE         float64 `json:"se"`
	Zero       int     `json:"zero,omitempty"` // rows of density 0
	// Behind is by how many nats a row it is less likely than the model, ± BehindSE, row
	// by row; negative where it is likelier.
	Behind   float64 `json:"behind"`
	BehindSE float64 `json:"behind_se"`
	Weight   float64 `json:"weight"` // its share of the model; 0 where it was left out
}

const (
	// maxFolded rows are judged by cross-validation; of more, the validation rows are
	// enough.
	maxFolded = 3000
	numFolds  = 5
	// leastGain is how many nats a row a density must be worth to the mixture: less is not
	// worth what it costs to score.
	leastGain = 0.002
	// hopeless is how many nats a row, and how many standard errors, a flow may lie behind
	// on the first fold to be fitted to the others.
	hopeless, hopelessErrors = 0.5, 4
)

// part is rows to fit a density to, and rows to judge it by, mapped.
type part struct {
	train, valid [][]float64
	rows         int   // of train, but for their copies, which follow
	judged       []int // places of the valid rows among those of all parts; copies follow
}

// parts are the folds of a small table, and of a large one its training and validation
// rows, as also where no rows are kept for the test: those for validation are then what
// anomalies are compared with. They are shuffled. With them come the log-determinants of
// the judged rows.
func (j *job) parts() (parts []part, logDet []float64) {
	d := j.data
	nTrain, nValid := len(d.raw.Train), len(d.raw.Valid)
	if nTrain+nValid > maxFolded || len(d.raw.Test) == 0 {
		p := part{train: d.mapped.Train, valid: d.mapped.Valid, rows: nTrain}
		for i := range nValid {
			p.judged = append(p.judged, i)
		}
		return []part{p}, d.validLogDet[:nValid]
	}
	all := append(copies(d.mapped.Train, nTrain), copies(d.mapped.Valid, nValid)...)
	parts = make([]part, numFolds)
	for k := range parts {
		p := &parts[k]
		for i := k; i < len(all); i += numFolds {
			p.judged = append(p.judged, i)
		}
		p.rows = len(all) - len(p.judged)
		for c := range all[0] {
			for i, row := range all {
				if i%numFolds == k {
					p.valid = append(p.valid, row[c])
				} else {
					p.train = append(p.train, row[c])
				}
			}
		}
	}
	return parts, slices.Concat(d.trainLogDet[:nTrain], d.validLogDet[:nValid])
}

// copies are those of each of the first n rows, which lie n apart.
func copies(rows [][]float64, n int) [][][]float64 {
	all := make([][][]float64, n)
	for i, row := range rows {
		all[i%n] = append(all[i%n], row)
	}
	return all
}

// contender is a candidate that has been fitted to each part.
type contender struct {
	candidate
	logProb []float64       // of the judged rows, by the fit to the part that they are not in; NaN where there was none
	far     []float64       // of the rows that no fit sees, since they lie far outside
	members [][]flow.Member // of each part
	result  fit.Result      // of the first part
}

// stack fits all candidates and makes of them the mixture that is likeliest on rows that
// they have not seen.
//
// Source: Smyth and Wolpert 1999, "Linearly combining density estimators via stacking",
// https://doi.org/10.1023/A:1007511322260.
func (j *job) stack(ctx context.Context) error {
	d := j.data
	parts, logDet := j.parts()
	all := slices.Concat(d.mapped.Train[:len(d.raw.Train)], d.mapped.Valid[:len(d.raw.Valid)])
	var contenders []contender
	for _, c := range j.candidates() {
		t, err := j.contend(ctx, c, contenders, parts, logDet)
		if err != nil {
			return err
		}
		contenders = append(contenders, t)
	}
	var logProbs [][]float64 // of those that all rows have been judged by
	var at []int
	for i, c := range contenders {
		if len(c.members) == len(parts) {
			logProbs, at = append(logProbs, slices.Concat(c.logProb, c.far)), append(at, i)
		}
	}
	shares := stackWeights(logProbs)
	mixed := mix(logProbs, shares)[:len(logDet)]
	weights := make([]float64, len(contenders))
	for k, i := range at {
		weights[i] = shares[k]
	}
	var members []flow.Member
	for i, c := range contenders {
		var of []flow.Member
		switch {
		case weights[i] == 0:
		case c.flow != nil || len(parts) == 1:
			for _, m := range c.members {
				of = append(of, m...)
			}
		default: // which needs no rows to end by
			m, err := c.simple(all)
			if err != nil {
				return err
			}
			of = m
		}
		members = append(members, share(of, weights[i])...)
		j.record.Compared = append(j.record.Compared, c.compared(mixed, weights[i], len(parts)))
	}
	best := 0
	for i := range contenders {
		if contenders[i].flow != nil && (contenders[best].flow == nil || weights[i] > weights[best]) {
			best = i
		}
	}
	j.record.Result = contenders[best].result
	j.fit = contenders[best].fit
	var err error
	if j.saved, err = flow.NewMixture(j.data.maps, members, nil); err != nil {
		return err
	}
	nll, err := newNLL(mixed, len(j.data.features))
	if err != nil {
		return fmt.Errorf("the rows held out: %w", err)
	}
	j.record.Valid = nll
	if len(parts) > 1 {
		j.record.Folds = len(parts)
	}
	j.sayCompared()
	return nil
}

// share scales the weights of members to a sum.
func share(members []flow.Member, sum float64) (all []flow.Member) {
	total := 0.0
	for _, m := range members {
		total += m.Weight
	}
	for _, m := range members {
		all = append(all, flow.Member{Weight: m.Weight * sum / total, Saved: m.Saved})
	}
	return all
}

// contend fits a candidate to each part and judges it by the rest; a flow that is far
// behind another contender on the first part is not fitted to the others.
func (j *job) contend(ctx context.Context, c candidate, others []contender, parts []part, logDet []float64) (contender, error) {
	t := contender{candidate: c, logProb: slices.Repeat([]float64{math.NaN()}, len(logDet))}
	for k, p := range parts {
		if err := ctx.Err(); err != nil {
			return t, &InterruptedError{err: err}
		}
		var members []flow.Member
		var err error
		if c.flow != nil {
			var result fit.Result
			members, result, err = j.trainOne(ctx, c, p, len(parts) == 1)
			if k == 0 {
				t.result = result
			}
		} else {
			members, err = c.simple(p.train[:p.rows])
		}
		if err != nil {
			return t, err
		}
		t.members = append(t.members, members)
		logProb, err := scoreBy(members, p.valid[:len(p.judged)])
		if err != nil {
			return t, fmt.Errorf("%s: %w", c.name, err)
		}
		for i, at := range p.judged {
			t.logProb[at] = logProb[i] + logDet[at]
		}
		if k == 0 && c.flow != nil && slices.ContainsFunc(others, func(o contender) bool {
			behind, se := gainOf(o.logProb, t.logProb)
			return behind > max(hopeless, hopelessErrors*se)
		}) {
			break
		}
	}
	far, err := scoreBy(t.members[0], j.data.far)
	t.far = far
	return t, err
}

// scoreBy returns the log-densities of rows under the mixture of members.
func scoreBy(members []flow.Member, rows [][]float64) ([]float64, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	m, err := flow.NewMixture(nil, members, nil)
	if err != nil {
		return nil, err
	}
	engine, err := m.Engine(openFast)
	if err != nil {
		return nil, err
	}
	return density.LogProb(engine, rows)
}

func openFast(s *flow.Saved) (flow.Engine, error) { return s.Fast() }

// stackWeights are those of the mixture that is likeliest, by the EM algorithm, of the
// densities that it is better for: beginning with the last, each is left out if the
// mixture of the others is as good. logProb holds the log-densities of the same rows under
// each density, [k][n], of which the first are the simplest.
func stackWeights(logProb [][]float64) []float64 {
	weights := slices.Repeat([]float64{1}, len(logProb))
	climb(logProb, weights)
	mixed := mix(logProb, weights)
	for k := len(weights) - 1; k >= 0; k-- {
		if weights[k] == 0 || weights[k] == 1 {
			continue
		}
		without := slices.Clone(weights)
		without[k] = 0
		climb(logProb, without)
		fewer := mix(logProb, without)
		if gain, se := gainOf(mixed, fewer); gain < max(se/2, leastGain) {
			weights, mixed = without, fewer
		}
	}
	return weights
}

// gainOf is by how much one density is likelier than another, in nats a row, ± its
// standard error. A row that has a density under the first alone makes it infinite.
func gainOf(logProb, other []float64) (mean, se float64) {
	var gains []float64
	for i, lp := range logProb {
		if d := lp - other[i]; !math.IsNaN(d) {
			gains = append(gains, d)
		}
	}
	if slices.Contains(gains, math.Inf(1)) {
		return math.Inf(1), 0
	}
	return meanAndError(gains)
}

// climb changes weights, of which those of 0 stay, to the likeliest ones.
func climb(logProb [][]float64, weights []float64) {
	const (
		rounds = 2000
		tiny   = 1e-7
	)
	shares := make([][]float64, len(weights)) // of the density of a row, but for a factor
	for k := range shares {
		shares[k] = make([]float64, len(logProb[k]))
	}
	rows := 0.0
	for i := range logProb[0] {
		largest := math.Inf(-1)
		for k, w := range weights {
			if w > 0 {
				largest = max(largest, logProb[k][i])
			}
		}
		if math.IsInf(largest, -1) { // outside of all
			continue
		}
		rows++
		for k, w := range weights {
			if w > 0 {
				shares[k][i] = math.Exp(logProb[k][i] - largest)
			}
		}
	}
	floats.Scale(1/floats.Sum(weights), weights)
	density := make([]float64, len(logProb[0]))
	for range rounds {
		clear(density)
		for k, w := range weights {
			if w > 0 {
				floats.AddScaled(density, w, shares[k])
			}
		}
		moved := 0.0
		for k, w := range weights {
			if w == 0 {
				continue
			}
			sum := 0.0
			for i, share := range shares[k] {
				if share > 0 {
					sum += share / density[i]
				}
			}
			weights[k] = w * sum / rows
			moved = max(moved, math.Abs(weights[k]-w))
		}
		if moved < tiny {
			return
		}
	}
}

// mix returns the log-densities of the mixture.
func mix(logProb [][]float64, weights []float64) []float64 {
	mixed := make([]float64, len(logProb[0]))
	for i := range mixed {
		largest, sum := math.Inf(-1), 0.0
		for k, w := range weights {
			if w > 0 {
				largest = max(largest, logProb[k][i])
			}
		}
		for k, w := range weights {
			if w > 0 {
				sum += w * math.Exp(logProb[k][i]-largest)
			}
		}
		if mixed[i] = largest + math.Log(sum); math.IsInf(largest, -1) {
			mixed[i] = largest
		}
	}
	return mixed
}

// compared says what a contender was worth beside the mixture.
func (c contender) compared(mixed []float64, weight float64, parts int) Compared {
	var nll, behind []float64
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
		nll = append(nll, -lp)
		if !math.IsInf(mixed[i], -1) {
			behind = append(behind, mixed[i]-lp)
		}
	}
	said.NLL, said.SE = meanAndError(nll)
	said.Behind, said.BehindSE = meanAndError(behind)
	return said
}

// meanAndError are 0 of fewer than two values.
func meanAndError(v []float64) (mean, se float64) {
	if len(v) < 2 {
		return 0, 0
	}
	mean, std := stat.MeanStdDev(v, nil)
	return mean, std / math.Sqrt(float64(len(v)))
}

// sayCompared tells how the candidates compare.
func (j *job) sayCompared() {
	r := &j.record
	how := fmt.Sprintf("%d validation rows", r.Split.Valid)
	if r.Folds > 0 {
		how = fmt.Sprintf("%d rows left out in turn, by %d-fold cross-validation", r.Split.Train+r.Split.Valid, r.Folds)
	}
	j.because("the model is the mixture of what was tried that is likeliest on %s, NLL %.4f ± %.4f nats:", how, r.Valid.Mean, r.Valid.SE)
	for _, c := range r.Compared {
		used := "left out"
		if c.Weight > 0 {
			used = fmt.Sprintf("%.0f %% of the model", 100*c.Weight)
		}
		j.because("  %-18s NLL %8.4f ± %.4f, by itself %.4f ± %.4f worse: %s", c.Name+":", c.NLL, c.SE, c.Behind, c.BehindSE, used)
	}
}

// Made says in a sentence what the model is made of.
func (r *Record) Made() string {
	var of []string
	for _, c := range r.Compared {
		if c.Weight > 0 {
			of = append(of, fmt.Sprintf("%.0f %% %s", 100*c.Weight, c.Name))
		}
	}
	return fmt.Sprintf("The model is %s.", show.List(of))
}
