package tabular

import (
	"fmt"

	"normflow/flowlib/figure"
	"normflow/internal/show"
)

// drawCategories shows how often rows and draws have each level of the categories.
func (m *Model) drawCategories(e *Evaluation) (*Picture, error) {
	const most = 20 // levels
	if e.Diagnostics == nil || m.Saved.Categories == nil {
		return nil, nil
	}
	var bars []figure.Bar
	left := 0
	for k, name := range m.Features {
		levels := m.levelsOf(k)
		if levels == nil {
			continue
		}
		rows, draws := sharesOf(e.rows, k, len(levels)), sharesOf(e.draws, k, len(levels))
		for level := range rows {
			if rows[level] == 0 && draws[level] == 0 {
				continue
			}
			if len(bars) >= 2*most {
				left++
				continue
			}
			text := fmt.Sprintf("%s %s", show.Name(name), levelOr(levels, float64(level), nil))
			bars = append(bars,
				figure.Bar{Name: text, Value: 100 * rows[level], Text: fmt.Sprintf("%.1f %% of the rows", 100*rows[level])},
				figure.Bar{Value: 100 * draws[level], Text: fmt.Sprintf("%.1f %% of the draws", 100*draws[level])})
		}
	}
	text := "How often rows of the file and draws of the model have each level: the two bars should be as long but for chance."
	if left > 0 {
		text += fmt.Sprintf(" %d levels more are not drawn.", left)
	}
	svg, err := figure.Bars(figure.Info{Title: "Categories", Description: text}, "% of the rows", bars...)
	return picture("Category by category", text, svg, err)
}

// sharesOf are those of the codes of a category, other texts last.
func sharesOf(rows [][]float64, feature, levels int) []float64 {
	shares := make([]float64, levels+1)
	for _, row := range rows {
		shares[int(row[feature])] += 1 / float64(len(rows))
	}
	return shares
}
