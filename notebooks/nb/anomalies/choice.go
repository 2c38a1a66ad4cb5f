package anomalies

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/janpfeifer/must"

	"normflow/flowlib/figure"
	"normflow/flowlib/tabular"
	"normflow/internal/show"
	"normflow/notebooks/nb"
)

// ColumnTable shows what the columns of the table are taken for, a row for each kind.
func (f Fitted) ColumnTable() { nb.Table(columnTable(f.Record.Columns)) }

func columnTable(columns []tabular.Treatment) [][]string {
	table := [][]string{{"taken for", "columns", "such as"}}
	names := map[string][]string{} // by kind
	for _, c := range columns {
		kind, how := c.How, ""
		if i := strings.IndexAny(kind, ":("); i >= 0 {
			kind, how = strings.TrimSpace(kind[:i]), strings.TrimPrefix(kind[i:], ": ")
		}
		if c.Role != "feature" {
			kind, how = c.Role, c.How
		}
		if names[kind] == nil {
			such := show.Name(c.Column)
			if how != "" {
				such += ": " + how
			}
			table = append(table, []string{kind, "", such})
		}
		names[kind] = append(names[kind], c.Column)
	}
	for _, row := range table[1:] {
		row[1] = fmt.Sprint(len(names[row[0]]))
	}
	return table
}

// Choices shows what else was chosen for the table, and why.
func (f Fitted) Choices() {
	var b strings.Builder
	for _, reason := range f.Record.Reasons {
		if !strings.HasPrefix(reason, " ") { // what was compared is a table of its own
			fmt.Fprintf(&b, "- %s\n", strings.TrimSuffix(reason, ":"))
		}
	}
	fmt.Fprintf(&b, "\n%d rows to fit to, %d more for validation.", f.Record.Split.Train, f.Record.Split.Valid)
	nb.Markdown(b.String())
}

// ShowCompared shows the densities that were tried, by how much they lie behind what was
// made of them, and keeps the picture. Of a fit to which the reader has named what to fit
// there is nothing to compare.
func (f Fitted) ShowCompared(name string) {
	if bars := comparedBars(f.Record.Compared); len(bars) > 0 {
		nb.Figure(name, must.M1(figure.Bars(nb.Info(name), "nats a row less likely than the model", bars...)))
	}
	nb.Markdown(f.won())
}

func comparedBars(compared []tabular.Compared) (bars []figure.Bar) {
	for _, c := range compared {
		bars = append(bars, figure.Bar{
			Name: c.Name, Value: max(0, c.Behind), // below 0 by rounding alone: the weights are the likeliest ones
			Text: fmt.Sprintf("%.2f ± %.2f: %s", c.Behind, c.BehindSE, c.Used()),
		})
	}
	return bars
}

// won says by how much the model is likelier than what it is made of.
func (f Fitted) won() string {
	r := f.Record
	if len(r.Compared) == 0 {
		return fmt.Sprintf("Nothing was compared: the number of layers was given, so that the model is one flow of %d coupling layers with %s parameters.", f.Layers, nb.Thousands(float64(f.Parameters)))
	}
	rows := fmt.Sprintf("the %d validation rows", r.Split.Valid)
	if r.Folds > 0 {
		rows = fmt.Sprintf("%d rows, each by fits that have not seen it (%d-fold cross-validation)", r.Split.Train+r.Split.Valid, r.Folds)
	}
	best := slices.MinFunc(r.Compared, func(a, b tabular.Compared) int { return cmp.Compare(a.Behind, b.Behind) })
	text := fmt.Sprintf("%s Judged on %s, it is by %.2f ± %.2f nats a row likelier than the best of them alone, %s", r.Made(), rows, best.Behind, best.BehindSE, best.Name)
	if i := slices.IndexFunc(r.Compared, func(c tabular.Compared) bool { return c.Name == "gaussian" }); i >= 0 && r.Compared[i].Name != best.Name {
		text += fmt.Sprintf(", and by %.2f ± %.2f than a Gaussian", r.Compared[i].Behind, r.Compared[i].BehindSE)
	}
	return text + "."
}
