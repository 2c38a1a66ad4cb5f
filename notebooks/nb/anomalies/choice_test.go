package anomalies

import (
	"slices"
	"strings"
	"testing"

	"normflow/flowlib/figure"
	"normflow/flowlib/tabular"
	"normflow/notebooks/nb"
)

func TestColumnsOfAKindAreOneRow(t *testing.T) {
	got := columnTable([]tabular.Treatment{
		{Column: "a", Role: "feature", How: "positive: softplus from the edge at 0 (scale 2)"}, {Column: "b", Role: "feature", How: "continuous"}, {Column: "e", Role: "feature", How: "continuous (no edge at 0: 5 values are there)"},
		{Column: "c", Role: "feature", How: "positive: the logarithm from the edge at 0"}, {Column: "d", Role: "left out", How: "1 in all 5 rows: as a: b"},
	})
	want := [][]string{{"taken for", "columns", "such as"}, {"positive", "2", "a: softplus from the edge at 0 (scale 2)"}, {"continuous", "2", "b"}, {"left out", "1", "d: 1 in all 5 rows: as a: b"}}
	if !slices.EqualFunc(got, want, slices.Equal[[]string]) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWhatWonIsSaidWithItsError(t *testing.T) {
	f := Fitted{Record: &tabular.Record{Split: tabular.Split{Train: 90, Valid: 10}}, Layers: 3, Parameters: 1234}
	if text := f.won(); !strings.Contains(text, "one flow of 3 coupling layers with 1,234 parameters") {
		t.Error(text)
	}
	f.Record.Compared = []tabular.Compared{
		{Name: "gaussian", Behind: 1.5, BehindSE: 0.25, Weight: 0.25}, {Name: "wide", Behind: 9, BehindSE: 1}, {Name: "nsf", Behind: 0.5, BehindSE: 0.125, Weight: 0.75},
	}
	text := f.won()
	for _, want := range []string{"25 % gaussian, 75 % nsf", "on the 10 validation rows", "by 0.50 ± 0.12 nats a row likelier than the best of them alone, nsf", "by 1.50 ± 0.25 than a Gaussian."} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
	f.Record.Folds, f.Record.Compared[0].Behind = 5, 0.125
	if text := f.won(); !strings.Contains(text, "on 100 rows, each by fits that have not seen it (5-fold") || !strings.HasSuffix(text, "alone, gaussian.") {
		t.Error(text)
	}
	bars := comparedBars(f.Record.Compared)
	if len(bars) != 3 || bars[1].Value != 9 || bars[1].Text != "9.00 ± 1.00: left out" || bars[2].Text != "0.50 ± 0.12: 75 % of the model" {
		t.Errorf("%+v", bars)
	}
	if _, err := figure.Bars(nb.Info("table-compared"), "x", bars...); err != nil {
		t.Error(err)
	}
}
