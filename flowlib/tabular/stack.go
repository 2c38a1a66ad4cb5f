package tabular

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"normflow/flowlib/density"
	"normflow/flowlib/fit"
	"normflow/flowlib/flow"
	"normflow/flowlib/table"
	"normflow/internal/show"
)

const (
	// maxFolded is the largest number of rows judged by cross-validation; beyond it the
	// validation rows are enough.
	maxFolded = 3000
	numFolds  = 5
	// hopeless is how far behind, in nats per row and in standard errors, a flow may be
	// on the first fold and still be fitted to the others.
	hopeless, hopelessErrors = 0.5, 4
)

// part holds mapped rows to fit a density to, and rows to judge it by.
type part struct {
	train, valid [][]float64
	rows         int   // number of train rows without their copies, which follow
	judged       []int // indices of the valid rows among the judged rows of all parts; copies follow
	// weights and judges are the weights of the train and of the judged rows, without
	// copies; nil if all rows count the same.
	weights, judges []float64
}

// parts returns the folds of a small table, and the log-determinants of the judged rows.
// There is one part, the training and validation rows, if the table is large, if the
// engine compiles each fit, or if no rows are kept for the test: anomalies are then
// compared with the validation rows. Rows are already shuffled.
func (j *job) parts() (parts []part, logDet []float64) {
	d := j.data
	nTrain, nValid := len(d.raw.Train), len(d.raw.Valid)
	whole := func() ([]part, []float64) {
		p := part{train: d.mapped.Train, valid: d.mapped.Valid, rows: nTrain, weights: d.weights.train, judges: d.weights.valid}
		for i := range nValid {
			p.judged = append(p.judged, i)
		}
		return []part{p}, d.validLogDet[:nValid]
	}
	if !j.foldable() {
		return whole()
	}
	all := append(copies(d.mapped.Train, nTrain), copies(d.mapped.Valid, nValid)...)
	weights := joined(d.weights.train, d.weights.valid)
	parts = make([]part, numFolds)
	for k := range parts {
		p := &parts[k]
		for i := k; i < len(all); i += numFolds {
			p.judged = append(p.judged, i)
		}
		p.judges = pickWeights(weights, p.judged)
		for i := range all {
			if weights != nil && i%numFolds != k {
				p.weights = append(p.weights, weights[i])
			}
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
		columns := len(d.features) + len(d.context)
		if d.of != nil { // a level may have no row
			columns = len(d.features)
		}
		if !vary(p.train, columns) { // such as a column with few values besides its commonest
			return whole()
		}
	}
	return parts, slices.Concat(d.trainLogDet[:nTrain], d.validLogDet[:nValid])
}

// foldable reports whether the rows are few enough for cross-validation.
func (j *job) foldable() bool {
	d := j.data
	return !j.whole && len(d.raw.Train)+len(d.raw.Valid) <= maxFolded && len(d.raw.Test) > 0 && j.fit.Engine == fit.EngineFast
}

// vary reports whether every column takes at least two values.
func vary(rows [][]float64, columns int) bool {
	for k := range columns {
		if !slices.ContainsFunc(rows, func(row []float64) bool { return row[k] != rows[0][k] }) {
			return false
		}
	}
	return true
}

// copies groups the copies of each of the first n rows, which are n rows apart.
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
	logProb []float64       // of the judged rows, by the fit to the other parts; NaN where there is none
	far     []float64       // of the rows far outside, which no fit sees
	members [][]flow.Member // of each part
	result  fit.Result      // of the first part
}

// stack fits all candidates and combines them to the mixture that is likeliest on rows
// they have not seen.
//
// Source: Smyth and Wolpert 1999, "Linearly combining density estimators via stacking",
// https://doi.org/10.1023/A:1007511322260.
func (j *job) stack(ctx context.Context) error {
	d := j.data
	parts, logDet := j.parts()
	if path := j.place.Checkpoint(0); len(parts) > 1 && fit.IsCheckpoint(path) {
		return fmt.Errorf("%s: is of another fit, since one of these rows and options leaves none: give the options of the fit that was interrupted, or delete it to start afresh", show.Path(path))
	}
	all := slices.Concat(d.mapped.Train[:len(d.raw.Train)], d.mapped.Valid[:len(d.raw.Valid)])
	j.heldWeights = judges(parts, len(logDet))
	var contenders []contender
	for _, c := range j.candidates() {
		t, err := j.contend(ctx, c, contenders, parts, logDet)
		if err != nil {
			return err
		}
		contenders = append(contenders, t)
	}
	var logProbs [][]float64 // of the contenders that judged all rows
	var at []int
	for i, c := range contenders {
		if len(c.members) == len(parts) {
			logProbs, at = append(logProbs, slices.Concat(c.logProb, c.far)), append(at, i)
		}
	}
	if len(at) == 0 {
		return errors.New("nothing could be fitted to the rows: the warnings say why")
	}
	shares := stackWeights(logProbs, joined(j.heldWeights, d.weights.aside))
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
		default: // needs no rows for early stopping
			m, err := c.simple(d.alone(all), joined(d.weights.train, d.weights.valid))
			if err != nil {
				return err
			}
			of = m
		}
		members = append(members, share(of, weights[i])...)
		if len(c.members) > 0 {
			j.record.Compared = append(j.record.Compared, c.compared(mixed, j.heldWeights, weights[i]))
		}
	}
	best := 0
	for i := range contenders {
		if contenders[i].flow != nil && (contenders[best].flow == nil || weights[i] > weights[best]) {
			best = i
		}
	}
	j.record.Result = contenders[best].result
	j.record.Fit = contenders[best].fit
	var err error
	if j.saved, err = j.mixtureOf(members); err != nil {
		return err
	}
	nll, err := newNLL(mixed, j.heldWeights, len(j.data.features))
	if err != nil {
		return fmt.Errorf("the rows held out: %w", err)
	}
	j.record.Valid, j.held = nll, mixed
	if len(parts) > 1 {
		j.record.Folds = len(parts)
	}
	j.sayCompared()
	return nil
}

// judges returns the weights of the judged rows of all parts, nil if all count the same.
func judges(parts []part, rows int) (all []float64) {
	for _, p := range parts {
		if p.judges == nil {
			return nil
		}
		if all == nil {
			all = make([]float64, rows)
		}
		for i, at := range p.judged {
			all[at] = p.judges[i]
		}
	}
	return all
}

// share scales the weights of members to the given sum.
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

// contend fits a candidate to each part and judges it by the rest. A flow that is far
// behind another contender on the first part is not fitted to the others.
func (j *job) contend(ctx context.Context, c candidate, others []contender, parts []part, logDet []float64) (contender, error) {
	t := contender{candidate: c, logProb: slices.Repeat([]float64{math.NaN()}, len(logDet))}
	for _, some := range [][]part{parts[:1], parts[1:]} {
		for i, f := range j.fitParts(ctx, c, some, len(parts) == 1) {
			if f.err != nil {
				return j.failed(ctx, t, f.err)
			}
			if len(t.members) == 0 {
				t.result = f.result
			}
			t.members = append(t.members, f.members)
			for k, at := range some[i].judged {
				t.logProb[at] = f.logProb[k] + logDet[at]
			}
		}
		if len(t.members) == 1 && c.flow != nil && slices.ContainsFunc(others, func(o contender) bool {
			behind, se := gainOf(o.logProb, t.logProb, j.heldWeights)
			return behind > max(hopeless, hopelessErrors*se)
		}) {
			break
		}
	}
	far, err := scoreBy(t.members[0], j.data.rowsFor(t.members[0], j.data.far))
	t.far = far
	return t, err
}

// partFit is a candidate fitted to a part.
type partFit struct {
	members []flow.Member
	result  fit.Result // of a flow
	logProb []float64  // of the judged rows
	err     error
}

// fitParts fits a candidate to each of some parts and scores the rows that it did not see.
// Flows are fitted side by side: a fold of a small table does not keep the processors busy.
func (j *job) fitParts(ctx context.Context, c candidate, parts []part, alone bool) []partFit {
	fits := make([]partFit, len(parts))
	var group errgroup.Group
	group.SetLimit(1)
	if c.flow != nil {
		group.SetLimit(runtime.GOMAXPROCS(0))
	}
	for k, p := range parts {
		group.Go(func() error {
			f := &fits[k]
			if err := ctx.Err(); err != nil {
				f.err = j.place.Interrupted(ctx, fmt.Errorf("fit: stopped before %s: %w", c.name, err))
				return nil
			}
			if c.flow != nil {
				f.members, f.result, f.err = j.trainOne(ctx, c, p, alone)
			} else {
				f.members, f.err = c.simple(j.data.alone(p.train[:p.rows]), p.weights)
			}
			if f.err == nil {
				f.logProb, f.err = scoreBy(f.members, j.data.rowsFor(f.members, p.valid[:len(p.judged)]))
			}
			return nil
		})
	}
	group.Wait() //nolint:errcheck // each has its own
	return fits
}

// failed drops a contender that cannot be fitted to these rows, and reports it.
func (j *job) failed(ctx context.Context, t contender, err error) (contender, error) {
	if ctx.Err() != nil || errors.Is(err, fit.ErrCheckpoint) || t.simple != nil && t.name == "gaussian" { // a Gaussian fits any rows that have a covariance
		return t, err
	}
	j.warn(table.NoteOf("%s is left out: it cannot be fitted: %v", t.name, err))
	t.members = nil
	return t, nil
}

// scoreBy returns the log-densities of rows under the mixture of members.
func scoreBy(members []flow.Member, rows [][]float64) ([]float64, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	m, err := flow.NewMixture(nil, members)
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
