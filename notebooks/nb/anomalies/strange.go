package anomalies

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/janpfeifer/must"
	"gonum.org/v1/gonum/stat"

	"normflow/flowlib/anomaly"
	"normflow/flowlib/figure"
	"normflow/flowlib/tabular"
	"normflow/notebooks/nb"
)

// Strange is an anomaly of the test, and what makes it strange to the flow.
type Strange struct {
	Name    string
	Row     []float64 // [D]
	LogProb float64   // nats
	PValue  float64
	Drivers []anomaly.Driver // strongest column first
}

// Strangest returns the anomalies with the lowest, the middle and the highest
// log-density; the last looks most like a normal row.
func (f Fitted) Strangest() []Strange {
	order := make([]int, len(f.Scores.Anomalies))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(f.Scores.Anomalies[a], f.Scores.Anomalies[b]) })
	p := f.Scores.pValues(f.Scores.Anomalies)
	var all []Strange
	var rows [][]float64
	for _, pick := range []struct {
		name string
		at   int
	}{{"strangest", order[0]}, {"in the middle", order[len(order)/2]}, {"least strange", order[len(order)-1]}} {
		row := f.Parts.Anomalies[pick.at]
		rows = append(rows, row)
		all = append(all, Strange{Name: pick.name, Row: row, LogProb: f.Scores.Anomalies[pick.at], PValue: p[pick.at]})
	}
	m := must.M1(tabular.Open(f.Dir, "auto"))
	for i, drivers := range must.M1(anomaly.Drivers(m, rows, f.Record.Typical)) {
		all[i].Drivers = drivers
	}
	return all
}

// StrangeTable shows the first three drivers of each row.
func (f Fitted) StrangeTable(rows []Strange) {
	table := [][]string{{"row", "driven by", "value", "usual", "gain (nats)"}}
	for _, r := range rows {
		name := r.Name
		for _, d := range r.Drivers[:min(3, len(r.Drivers))] {
			table = append(table, []string{name, f.Parts.Columns[d.Column], fmt.Sprintf("%.4g", r.Row[d.Column]), fmt.Sprintf("%.4g", d.Expected), fmt.Sprintf("%.1f", d.Gain)})
			name = ""
		}
	}
	nb.Table(table)
}

// RangeFigure draws the rows in the columns that drive each of them most, over the range
// of nine tenths of the training rows, in standard deviations of these from their mean.
// The panels' names include −log p and the p-value.
func (f Fitted) RangeFigure(info figure.Info, rows []Strange) figure.SVG {
	const perRow = 5 // columns
	var columns []int
	for _, r := range rows {
		for _, d := range r.Drivers[:min(perRow, len(r.Drivers))] {
			if !slices.Contains(columns, d.Column) {
				columns = append(columns, d.Column)
			}
		}
	}
	var names []string
	var ranges []figure.Range
	panels := make([]figure.RangePanel, len(rows))
	for _, j := range columns {
		usual, mean, std := f.Parts.usual(j)
		names, ranges = append(names, f.Parts.Columns[j]), append(ranges, usual)
		for k, r := range rows {
			panels[k].Name = fmt.Sprintf("%s: %s nats, p = %.2g", r.Name, strings.Replace(fmt.Sprintf("%.0f", -r.LogProb), "-", "−", 1), r.PValue)
			panels[k].Values = append(panels[k].Values, (r.Row[j]-mean)/std)
		}
	}
	return must.M1(figure.Ranges(info, fmt.Sprintf("value, in standard deviations of the %s rows from their mean", f.Parts.Name), fmt.Sprintf("nine tenths of the %s rows", f.Parts.Name), "this row", names, ranges, panels...))
}

// usual returns the range of nine tenths of the training rows in a column, and the middle
// one, in standard deviations from their mean, which it also returns.
func (p Parts) usual(column int) (r figure.Range, mean, std float64) {
	values := make([]float64, len(p.Train))
	for i, row := range p.Train {
		values[i] = row[column]
	}
	slices.Sort(values)
	mean, std = stat.MeanStdDev(values, nil)
	at := func(share float64) float64 { return (stat.Quantile(share, stat.Empirical, values, nil) - mean) / std }
	return figure.Range{Low: at(0.05), Middle: at(0.5), High: at(0.95)}, mean, std
}
