package tabular

import "math"

// digits says how many decimals of a draw are written: an engine gives it in float32,
// to a share of 10⁻⁷ of the column's standard deviation, and four digits more keep
// draws from a grid, also where a few large values make up that deviation.
func digits(std float64) int { return 11 - int(math.Floor(math.Log10(std))) }

// decimals are those of draws of each feature, [D].
func (m *Model) decimals() []int {
	all := make([]int, len(m.Features))
	for j := range all {
		all[j] = digits(1)
		if s := m.Saved.Settings().Scaler; s != nil {
			all[j] = digits(s.Std[j])
		}
	}
	return all
}

// rounded is v to so many decimals, or before the decimal point if they are below 0;
// v itself where a float64 has no more.
func rounded(v float64, decimals int) float64 {
	const most = 22 // powers of ten are exact up to there
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
