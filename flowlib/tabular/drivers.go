package tabular

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"normflow/flowlib/anomaly"
	"normflow/flowlib/flow"
	"normflow/internal/show"
)

// Driver is a column that makes a row strange: Gain is by how much the score, see
// [Balanced], would rise at the expected value.
type Driver struct {
	Column   string  `json:"column"`
	Value    float64 `json:"value"`
	Expected float64 `json:"expected"`
	Gain     Nats    `json:"gain"`
	// Texts are those of Value and Expected of a category; absent of numbers.
	Texts []string `json:"texts,omitempty"`
}

func (d Driver) String() string {
	if d.Texts != nil {
		return fmt.Sprintf("%s is %s, not %s (%+.1f nats)", show.Name(d.Column), d.Texts[0], d.Texts[1], d.Gain)
	}
	if d.Value == flow.Missing {
		return fmt.Sprintf("%s is missing, not %.6g (%+.1f nats)", show.Name(d.Column), d.Expected, d.Gain)
	}
	digits := 6 // or enough to show two digits of the difference, as for times in seconds since 1970
	if apart := math.Abs(d.Value - d.Expected); apart > 0 {
		larger := max(math.Abs(d.Value), math.Abs(d.Expected))
		digits = min(17, max(digits, 2+int(math.Ceil(math.Log10(larger/apart)))))
	}
	return fmt.Sprintf("%s is %.*g, not %.*g (%+.1f nats)", show.Name(d.Column), digits, d.Value, digits, d.Expected, d.Gain)
}

// MarshalJSON writes null for a missing value.
func (d Driver) MarshalJSON() ([]byte, error) {
	type plain Driver
	if d.Value != flow.Missing {
		return json.Marshal(plain(d))
	}
	return json.Marshal(struct {
		plain
		Value *float64 `json:"value"`
	}{plain: plain(d)})
}

const (
	maxDrivers = 3   // per row
	minGain    = 0.5 // nats: a smaller gain is no driver
)

// typical returns normal values of each feature: from the rows of the fit, or from draws
// if there is no record.
func (m *Model) typical() ([][]float64, error) {
	if m.Record != nil && len(m.Record.Typical) == len(m.Features) {
		return m.Record.Typical, nil
	}
	if len(m.Context) > 0 {
		return make([][]float64, len(m.Features)), nil // there are no draws without a context
	}
	var rows [][]float64
	for draws, err := range m.engine.DrawChunks(flow.Sampling{Count: 1000}) {
		if err != nil {
			return nil, err
		}
		rows = append(rows, draws.X...)
	}
	return typicalOf(rows, len(m.Features)), nil
}

// typicalValues is how many values of each column are tried; fewer in wide tables.
func typicalValues(features int) int { return min(32, max(5, 1000/features)) }

// drivers returns, for each of the rows [n, D+C], at most maxDrivers columns, strongest
// first.
func (m *Model) drivers(rows, candidates [][]float64) ([][]Driver, error) {
	all := make([][]Driver, len(rows))
	found, err := anomaly.Drivers(Balanced{m}, rows, candidates)
	for i, drivers := range found {
		for _, d := range drivers[:min(maxDrivers, len(drivers))] {
			if d.Gain >= minGain {
				driver := Driver{Column: m.Features[d.Column], Value: rows[i][d.Column], Expected: d.Expected, Gain: Nats(d.Gain)}
				if levels := m.levelsOf(d.Column); levels != nil {
					driver.Texts = []string{levelOr(levels, driver.Value, nil), levelOr(levels, driver.Expected, nil)}
				}
				all[i] = append(all[i], driver)
			}
		}
	}
	return all, err
}

func text(drivers []Driver) string {
	var all []string
	for _, d := range drivers {
		all = append(all, d.String())
	}
	return strings.Join(all, "; ")
}
