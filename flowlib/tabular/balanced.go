package tabular

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"normflow/flowlib/columns"
	"normflow/flowlib/density"
	"normflow/internal/show"
)

// Spread holds two values of a feature between which the middle half of its training rows at no
// atom lie, or more of them where these are equal, and their images behind its map. All numbers
// are 0 of a category, and of a circle, whose unit is half of it.
type Spread struct {
	Column string     `json:"column"`
	File   [2]float64 `json:"file"`
	Mapped [2]float64 `json:"mapped"`
}

// Balanced scores rows, [n, D+C], for anomalies. The score is a log-density like that of the
// model, but in other units: of a row x with the features k at no atom,
//
//	score = log p(x) - Σ_k log(½/s_k + ½·|dy_k/dx_k|/t_k)
//
// where y_k is the map of the feature, and s_k and t_k are the distances of its [Spread]
// before and behind it. This is the log-density of ½(x_k/s_k + y_k/t_k), in place of x_k;
// of a circle it is that of x_k in half circles.
//
// A log-density alone depends on the units: whoever writes an income as its logarithm finds
// other rows unlikely. In the units of the file a row at the dense end of a skewed column
// looks usual however odd the rest of it is; behind the maps, which pull in what lies far
// out, a large value looks usual. Here either has half a say.
//
// A model without spreads scores by its log-density: one whose columns have no maps and no
// atoms, where the units would be the same at all rows, and an imported one.
type Balanced struct{ Model *Model }

// LogProbTo implements [density.Scorer].
func (b Balanced) LogProbTo(dst []float64, x *mat.Dense) error {
	if err := b.Model.LogProbTo(dst, x); err != nil {
		return err
	}
	b.fromLogProb(dst, x)
	return nil
}

// isLogProb reports whether the score is the log-density itself.
func (b Balanced) isLogProb() bool { return b.Model.Record == nil || b.Model.Record.Spreads == nil }

// fromLogProb turns the log-densities of rows into their scores.
func (b Balanced) fromLogProb(logProb []float64, x *mat.Dense) {
	if b.isLogProb() {
		return
	}
	for i := range logProb {
		if !math.IsInf(logProb[i], 0) {
			logProb[i] -= b.logUnits(x.RawRowView(i))
		}
	}
}

// logUnits returns the logarithm of the ratio between the units of the score and those of the
// file at a row.
func (b Balanced) logUnits(row []float64) (sum float64) {
	for k, s := range b.Model.Record.Spreads {
		if b.Model.levelsOf(k) != nil || b.Model.atAtom(k, row[k]) {
			continue
		}
		c := b.Model.mapOf(k)
		if c.Kind == columns.Periodic {
			sum -= math.Log((c.High - c.Low) / 2)
			continue
		}
		_, logDet := c.Forward(row[k])
		sum += floats.LogSumExp([]float64{-math.Log(s.File[1] - s.File[0]), logDet - math.Log(s.Mapped[1]-s.Mapped[0])}) - math.Ln2
	}
	return sum
}

// mapOf returns the map of a feature.
func (m *Model) mapOf(feature int) (c columns.Column) {
	if m.Saved.Columns != nil {
		c = m.Saved.Columns[feature]
	}
	return c
}

func (m *Model) atAtom(feature int, v float64) bool {
	return m.Saved.Atoms != nil && slices.Contains(m.Saved.Atoms.Values[feature], v)
}

// unitsDiffer reports whether the units of the score are others at other rows: then rows are in
// another order than by their log-density.
func (m *Model) unitsDiffer() bool {
	return m.Saved.Atoms != nil || slices.ContainsFunc(m.Saved.Columns, func(c columns.Column) bool {
		return c.Freedom != 0 || !slices.Contains([]columns.Kind{"", columns.Continuous, columns.Category, columns.Periodic}, c.Kind)
	})
}

// spreads measures those of the features, by rows with noise; nil if one has none, or if the
// score would be the log-density but for a constant.
func (m *Model) spreads(rows [][]float64, features []string) []Spread {
	if !m.unitsDiffer() {
		return nil
	}
	all := make([]Spread, len(features))
	for k := range all {
		all[k].Column = features[k]
		if m.hasNoSpread(k) {
			continue
		}
		var values []float64
		for _, row := range rows {
			if !m.atAtom(k, row[k]) {
				values = append(values, row[k])
			}
		}
		slices.Sort(values)
		for _, tail := range []float64{0.25, 0.05, 0} {
			if len(values) == 0 {
				return nil
			}
			for i, p := range []float64{tail, 1 - tail} {
				all[k].File[i] = stat.Quantile(p, stat.Empirical, values, nil)
				all[k].Mapped[i], _ = m.mapOf(k).Forward(all[k].File[i])
			}
			if m.checkSpread(k, all[k]) == nil {
				break
			}
		}
		if m.checkSpread(k, all[k]) != nil {
			return nil
		}
	}
	return all
}

// hasNoSpread reports whether a feature is a category or a circle.
func (m *Model) hasNoSpread(feature int) bool {
	return m.levelsOf(feature) != nil || m.mapOf(feature).Kind == columns.Periodic
}

// checkSpread returns an error for a spread that a feature cannot have.
func (m *Model) checkSpread(feature int, s Spread) error {
	if m.hasNoSpread(feature) {
		if s.File != s.Mapped || s.File[0] != 0 || s.File[1] != 0 {
			return fmt.Errorf("found %v, expected none", s)
		}
		return nil
	}
	for i, x := range s.File {
		if y, logDet := m.mapOf(feature).Forward(x); !(math.Abs(y-s.Mapped[i]) <= 1e-9*max(1, math.Abs(y))) || math.IsInf(logDet, 0) {
			return fmt.Errorf("found %g behind the map of %g, expected %g", s.Mapped[i], x, y)
		}
	}
	for _, v := range [][2]float64{s.File, s.Mapped} {
		if d := v[1] - v[0]; !(d > 0) || math.IsInf(d, 1) {
			return fmt.Errorf("found %g to %g, expected a range", v[0], v[1])
		}
	}
	return nil
}

// checkSpreads checks those of the record.
func (m *Model) checkSpreads() error {
	if m.Record == nil {
		return nil
	}
	for k, s := range m.Record.Spreads {
		err := m.checkSpread(k, s)
		if s.Column != m.Record.Features[k] {
			err = fmt.Errorf("found %s in its place", show.Quoted(s.Column))
		}
		if err != nil {
			return fmt.Errorf("model.json: training: spreads: column %s: %w: the file is edited or damaged: fit the model again", show.Quoted(m.Record.Features[k]), err)
		}
	}
	return nil
}

var _ density.Scorer = Balanced{}
