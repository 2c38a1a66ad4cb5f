package anomalies

import (
	"fmt"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat"

	"normflow/flowlib/anomaly"
	"normflow/flowlib/figure"
	"normflow/flowlib/table"
	"normflow/notebooks/nb"
)

// Method is a density that was fitted to the training part, with its scores of the rest.
type Method struct {
	Name   string
	Scores Scores
}

// Methods returns the flow, first, and two normal distributions, fitted to the same parts
// of a table.
func Methods(f Fitted) []Method {
	return []Method{
		{"flow", f.Scores},
		{"normal distribution", NewGaussian(f.Parts.Train, true).Scores(f.Parts)},
		{"column by column", NewGaussian(f.Parts.Train, false).Scores(f.Parts)},
	}
}

// Rivals holds the decisions of the same methods on several splits of a table.
type Rivals struct {
	Names     []string
	Decisions [][]anomaly.Decision // [methods][splits]
}

// Compete fits the methods to splits with the seeds from 0 on.
func Compete(t *table.Table, normal string, layers, splits int, asked float64) (r Rivals) {
	for seed := range splits {
		for i, m := range Methods(FitParts(Part(t, normal, int64(seed)), layers)) {
			if seed == 0 {
				r.Names, r.Decisions = append(r.Names, m.Name), append(r.Decisions, nil)
			}
			r.Decisions[i] = append(r.Decisions[i], Decide(m.Scores, asked))
		}
	}
	return r
}

// measures are what methods are compared by.
var measures = []struct {
	name string
	of   func(anomaly.Decision) float64
}{
	{"AUROC", func(d anomaly.Decision) float64 { return d.AUROC }},
	{"average precision", func(d anomaly.Decision) float64 { return d.AveragePrecision }},
	{"anomalies found", anomaly.Decision.Found},
	{"false alarms", anomaly.Decision.FalseAlarmRate},
}

// values returns a measure of a method on each split.
func (r Rivals) values(method int, of func(anomaly.Decision) float64) (values []float64) {
	for _, d := range r.Decisions[method] {
		values = append(values, of(d))
	}
	return values
}

// Table shows all measures: the mean over the splits, and the range.
func (r Rivals) Table() { nb.Table(r.table()) }

func (r Rivals) table() [][]string {
	table := [][]string{append([]string{""}, r.Names...)}
	for _, m := range measures {
		row := []string{m.name}
		for i := range r.Names {
			v := r.values(i, m.of)
			row = append(row, fmt.Sprintf("%.3f (%.3f–%.3f)", stat.Mean(v, nil), slices.Min(v), slices.Max(v)))
		}
		table = append(table, row)
	}
	return table
}

// ShowAnswer shows the answer as a list.
func (r Rivals) ShowAnswer() { nb.Markdown(r.Answer()) }

// Panels shows what AUROC and average precision lack to 1, with a dot for each split.
func (r Rivals) Panels() (panels []figure.ComparePanel) {
	for _, m := range measures[:2] {
		panel := figure.ComparePanel{Name: "1 − " + m.name}
		for i := range r.Names {
			lack := r.values(i, m.of)
			for k := range lack {
				lack[k] = 1 - lack[k]
			}
			panel.Values = append(panel.Values, [][]float64{lack})
		}
		panels = append(panels, panel)
	}
	return panels
}

// Answer compares the flow's AUROC with that of each other method in words, split by
// split: both have the same rows, so that the luck of a split cancels.
func (r Rivals) Answer() string {
	var b strings.Builder
	flow := r.values(0, measures[0].of)
	for i, name := range r.Names[1:] {
		var differences []float64
		better, worse := 0, 0
		for k, other := range r.values(i+1, measures[0].of) {
			differences = append(differences, flow[k]-other)
			if flow[k] > other {
				better++
			}
			if flow[k] < other {
				worse++
			}
		}
		verdict := "neither wins"
		switch {
		case better == len(flow):
			verdict = "the flow wins"
		case worse == len(flow):
			verdict = "the flow loses"
		}
		fmt.Fprintf(&b, "- flow against %s: AUROC higher on %d, lower on %d of %d splits, by %+.3f on average (%+.3f to %+.3f): %s\n",
			name, better, worse, len(flow), stat.Mean(differences, nil), slices.Min(differences), slices.Max(differences), verdict)
	}
	return b.String()
}

// Summary returns the comparison for the report.
func (r Rivals) Summary() map[string]any {
	summary := map[string]any{"splits": len(r.Decisions[0])}
	for i, name := range r.Names {
		values := map[string]float64{}
		for _, m := range measures {
			values[strings.ReplaceAll(strings.ToLower(m.name), " ", "_")] = stat.Mean(r.values(i, m.of), nil)
		}
		summary[strings.ReplaceAll(name, " ", "_")] = values
	}
	return summary
}
