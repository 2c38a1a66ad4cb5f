package tabular

import (
	"math"
	"slices"

	"normflow/flowlib/columns"
	"normflow/flowlib/flow"
)

// digits returns how many decimals of a draw are written. An engine computes in float32,
// precise to 10⁻⁷ of the column's standard deviation; four more digits keep draws off a
// grid even if a few large values dominate that deviation.
func digits(std float64) int { return 11 - int(math.Floor(math.Log10(std))) }

// decimals returns the digits for draws of each feature, [D].
func (m *Model) decimals() []int {
	all := make([]int, len(m.Features))
	seen := make([]bool, len(all))
	for k, member := range m.Saved.Members {
		for i, j := range m.Saved.Free(k) {
			std := 1.0
			if s := member.Settings().Scaler; s != nil {
				std = s.Std[i]
			}
			if d := digits(std); !seen[j] || d > all[j] {
				all[j], seen[j] = d, true
			}
		}
	}
	for j, was := range seen {
		if !was && m.Saved.Atoms != nil { // at an atom in every member
			all[j] = digits(m.Saved.Atoms.Rest.Std[j])
		}
	}
	return all
}

// written returns the draw v of a feature as it is written: to the given decimals, or to
// as many digits on the mapped scale if its column is mapped, but never outside the
// column's support.
func (m *Model) written(feature int, v float64, decimals int) float64 {
	if m.levelsOf(feature) != nil {
		return v
	}
	if a := m.Saved.Atoms; a != nil && slices.Contains(a.Values[feature], v) {
		return v
	}
	if m.Saved.Columns == nil || m.Saved.Columns[feature].Kind == columns.Continuous {
		return rounded(v, decimals)
	}
	if v == 0 {
		return v
	}
	short := rounded(v, digits(math.Abs(v)))
	if _, logDet := m.Saved.Columns[feature].Forward(short); math.IsInf(logDet, -1) {
		return v
	}
	return short
}

// rounded rounds v to the given number of decimals, which may be negative. It returns v
// itself if a float64 has no more digits.
func rounded(v float64, decimals int) float64 {
	const most = 22 // powers of ten are exact up to here
	if decimals < -most || decimals > most {
		return v
	}
	power := math.Pow10(max(decimals, -decimals))
	if decimals < 0 {
		return math.Round(v/power) * power
	}
	if scaled := v * power; math.Abs(scaled) < 1<<52 {
		return math.Round(scaled) / power
	}
	return v
}

// ontoGrid moves draws of features that had noise of one step added to the middle of
// their cells, which removes the noise, and reports whether there are any.
func (m *Model) ontoGrid(draws [][]float64) (any bool) {
	if m.Record == nil || m.Record.Steps == nil {
		return false
	}
	for j, step := range m.Record.Steps[:len(m.Features)] {
		if step == 0 {
			continue
		}
		any = true
		first, decimals := m.Record.Summary.Columns[j].Min, digits(step)
		for _, x := range draws {
			if x[j] == flow.Missing {
				continue
			}
			x[j] = rounded(first+step*math.Round((x[j]-first)/step), decimals) + 0 // no -0
		}
	}
	return any
}
