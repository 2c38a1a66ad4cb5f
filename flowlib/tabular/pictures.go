package tabular

import (
	"cmp"
	"fmt"
	"html/template"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"

	"normflow/flowlib/density"
	"normflow/flowlib/figure"
	"normflow/internal/show"
)

// Picture is a figure of the page. If it cannot be drawn, SVG is empty and the caption
// says why.
type Picture struct {
	Title, Caption string
	SVG            template.HTML
}

// shown is how many points a picture has at most.
const shown = 3000

// pictures draws an evaluation. A picture that cannot be drawn does not prevent the
// others.
func (m *Model) pictures(e *Evaluation) []Picture {
	var all []Picture
	for _, draw := range []func(*Evaluation) (*Picture, error){
		m.drawRows, m.drawDensity, m.drawColumns, m.drawCategories, m.drawScores, m.drawCoverage, m.drawLatents, m.drawTraining,
	} {
		p, err := draw(e)
		if err != nil {
			p = &Picture{Title: "A picture that cannot be drawn", Caption: err.Error()}
		}
		if p != nil {
			all = append(all, *p)
		}
	}
	return all
}

func picture(title, caption string, svg figure.SVG, err error) (*Picture, error) {
	if err != nil {
		return &Picture{Title: title, Caption: "Not drawn: " + err.Error()}, nil
	}
	return &Picture{title, caption, template.HTML(svg)}, nil // package figure escapes its input
}

// stuck says which column has the same value in all rows, the first if there are several;
// "" if there is none.
func (m *Model) stuck(rows [][]float64) string {
	for j, name := range m.Features {
		if s := axis(rows, j); s.stuck {
			return fmt.Sprintf("Not drawn: column %s has one value in all rows, %.6g.", show.Name(name), rows[0][j])
		}
	}
	return ""
}

// drawRows shows the two most correlated columns, of the rows beside the draws.
func (m *Model) drawRows(e *Evaluation) (*Picture, error) {
	numbers := m.numbers()
	if e.Diagnostics == nil || len(numbers) < 2 {
		return nil, nil
	}
	i, j, r := leaning(e.rows, numbers)
	a, b := axis(e.rows, i), axis(e.rows, j)
	equal := min(a.std, b.std)*4 > max(a.std, b.std)
	points := func(rows [][]float64) (out [][]float64) {
		for _, row := range rows[:min(len(rows), shown)] {
			out = append(out, []float64{a.place(row[i], equal), b.place(row[j], equal)})
		}
		return out
	}
	units := "in the units of the file"
	if !equal {
		units = "in standard deviations from the mean"
	}
	text := fmt.Sprintf("%s (across) and %s (up), %s, of up to %d rows each.", show.Name(m.Features[i]), show.Name(m.Features[j]), units, shown)
	if len(numbers) > 2 {
		text += fmt.Sprintf(" Of all pairs these two are correlated most (r = %.2f).", r)
	}
	svg, err := figure.Scatter(figure.Info{Title: "Rows and draws", Description: "Two scatter plots: the rows of the file, and draws of the model. " + text},
		figure.Panel("rows of the file", points(e.rows)), figure.Panel("draws of the model", points(e.draws)))
	return picture("Rows and draws", text, svg, err)
}

// scale is the mean and standard deviation of a column; the latter is 1 if the column is
// stuck at one value.
type scale struct {
	mean, std float64
	stuck     bool
}

func axis(rows [][]float64, column int) scale {
	values := make([]float64, len(rows))
	for i, row := range rows {
		values[i] = row[column]
	}
	mean, std := stat.MeanStdDev(values, nil)
	if !(std > 0) {
		return scale{mean, 1, true}
	}
	return scale{mean, std, false}
}

func (s scale) place(v float64, asItIs bool) float64 {
	if asItIs {
		return v
	}
	return (v - s.mean) / s.std
}

// leaning finds the most correlated pair among the first fifty numbers.
func leaning(rows [][]float64, numbers []int) (a, b int, r float64) {
	columns := make([][]float64, min(len(numbers), 50))
	for j := range columns {
		for _, row := range rows[:min(len(rows), shown)] {
			columns[j] = append(columns[j], row[numbers[j]])
		}
	}
	a, b = numbers[0], numbers[1]
	for i := range columns {
		for j := i + 1; j < len(columns); j++ {
			if c := stat.Correlation(columns[i], columns[j], nil); math.Abs(c) > math.Abs(r) {
				a, b, r = numbers[i], numbers[j], c
			}
		}
	}
	return a, b, r
}

// drawDensity shows the density of a model of two columns of similar spread.
func (m *Model) drawDensity(e *Evaluation) (*Picture, error) {
	if e.Diagnostics == nil || len(m.Features) != 2 || m.Saved.Categories != nil {
		return nil, nil
	}
	if why := m.stuck(e.rows); why != "" {
		return &Picture{Title: "The density", Caption: why}, nil
	}
	a, b := axis(e.rows, 0), axis(e.rows, 1)
	if min(a.std, b.std)*4 < max(a.std, b.std) {
		return nil, nil // one unit of x is drawn as long as one of y
	}
	var box [][2]float64
	for j := range 2 {
		values := make([]float64, len(e.rows))
		for i, row := range e.rows {
			values[i] = row[j]
		}
		slices.Sort(values)
		low, high := stat.Quantile(0.002, stat.Empirical, values, nil), stat.Quantile(0.998, stat.Empirical, values, nil)
		box = append(box, [2]float64{low - 0.1*(high-low), high + 0.1*(high-low)})
	}
	const cells = 240
	grid, err := density.NewGrid(m, box, cells)
	if err != nil {
		return picture("The density", "", nil, err)
	}
	panel := func(name string, overlay [][]float64) figure.DensityPanel {
		return figure.DensityPanel{Name: name, Values: grid.Values, XMin: grid.XMin, XMax: grid.XMax, YMin: grid.YMin, YMax: grid.YMax, Overlay: overlay}
	}
	text := fmt.Sprintf("The density that the model gives to %s (across) and %s (up), per unit of both; right with 400 rows of the file.", show.Name(m.Features[0]), show.Name(m.Features[1]))
	if m.Saved.Atoms != nil {
		text += " Exact values that have a probability of their own are not drawn."
	}
	svg, err := figure.Density(figure.Info{Title: "Density", Description: text}, panel("density", nil), panel("density and rows", e.rows[:min(400, len(e.rows))]))
	return picture("The density", text, svg, err)
}

// drawColumns shows the distribution of each column in rows and draws.
func (m *Model) drawColumns(e *Evaluation) (*Picture, error) {
	const most = 6
	if e.Diagnostics == nil {
		return nil, nil
	}
	var charts []figure.Chart
	numbers := m.numbers()
	for _, j := range numbers[:min(most, len(numbers))] {
		name, s := m.Features[j], axis(e.rows, j)
		rows, draws := curveOf(e.rows, j, s), curveOf(e.draws, j, s)
		charts = append(charts, figure.Chart{Name: show.Name(name), X: "", Y: "density", Lines: []figure.Line{
			{Name: "rows of the file", XY: rows}, {Name: "draws of the model", XY: draws},
		}})
	}
	text := "How each column is distributed by itself: the two lines should lie on each other but for chance."
	if len(numbers) > most {
		text += fmt.Sprintf(" The first %d of %d columns.", most, len(numbers))
	}
	svg, err := figure.Lines(figure.Info{Title: "Columns", Description: text}, charts...)
	return picture("Column by column", text, svg, err)
}

// curveOf returns the histogram of a column, over four standard deviations, as a line.
func curveOf(rows [][]float64, column int, s scale) (xy [][]float64) {
	const bins = 60
	low, width := s.mean-4*s.std, 8*s.std/bins
	counts := make([]float64, bins)
	for _, row := range rows {
		if k := int(math.Floor((row[column] - low) / width)); k >= 0 && k < bins {
			counts[k]++
		}
	}
	for k, n := range counts {
		xy = append(xy, []float64{low + (float64(k)+0.5)*width, n / float64(len(rows)) / width})
	}
	return xy
}

// drawScores shows the log-densities of the rows beside those of rows held out at the
// fit.
func (m *Model) drawScores(e *Evaluation) (*Picture, error) {
	finite := slices.DeleteFunc(slices.Clone(e.score), func(v float64) bool { return math.IsInf(v, 0) })
	if len(finite) == 0 {
		return nil, nil
	}
	samples := []figure.Sample{{Name: "rows of the file", Values: finite}}
	text := "The log-density of each row, in nats. A tail to the left is rows that the model finds strange."
	if m.Record != nil {
		samples = append(samples, figure.Sample{Name: "rows held out at the fit", Values: m.Record.Calibration.Scores})
		text += " Rows like those of the fit have the same histogram as the rows held out there."
	}
	svg, err := figure.Histogram(figure.Info{Title: "Log-densities", Description: text}, "log-density (nats)", nil, samples...)
	return picture("How likely the rows are", text, svg, err)
}

func (m *Model) drawCoverage(e *Evaluation) (*Picture, error) {
	if e.Diagnostics == nil {
		return nil, nil
	}
	var line, ideal figure.Line
	line.Name, ideal.Name = "rows", "a perfect model, ± 2 standard errors"
	for _, l := range e.Diagnostics.Coverage.Levels {
		line.XY = append(line.XY, []float64{l.Expected, l.Coverage - l.Expected})
		ideal.XY = append(ideal.XY, []float64{l.Expected, 0})
		ideal.Low, ideal.High = append(ideal.Low, -2*l.SE), append(ideal.High, 2*l.SE)
	}
	line.Dots = true
	text := "Regions where the model is densest: the share of rows in them, minus the share that they should hold. Above 0 the model spreads too far; below, it is too sure of itself."
	svg, err := figure.Lines(figure.Info{Title: "Coverage", Description: text},
		figure.Chart{X: "share that a region should hold", Y: "share found − expected", Lines: []figure.Line{line, ideal}})
	return picture("Are dense regions as full as they promise?", text, svg, err)
}

func (m *Model) drawLatents(e *Evaluation) (*Picture, error) {
	const most = 5
	if e.Diagnostics == nil || e.Diagnostics.PIT == nil {
		return nil, nil
	}
	pit := e.Diagnostics.PIT
	order := make([]int, len(m.Features)) // worst first
	for d := range order {
		order[d] = d
	}
	tests := e.Diagnostics.Latents.Features
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(tests[b].Statistic, tests[a].Statistic) })
	var lines []figure.Line
	for _, d := range order[:min(most, len(order))] {
		line := figure.Line{Name: show.Name(m.Features[d])}
		for k, n := range pit.Counts[d] {
			line.XY = append(line.XY, []float64{(float64(k) + 0.5) / float64(len(pit.Counts[d])), float64(n) / pit.Expected})
		}
		lines = append(lines, line)
	}
	text := fmt.Sprintf("The rows mapped back to latents, each latent's values by their rank in a Gaussian: flat at 1 is right, with bins straying by ± %.2f. A hill: latents spread too little; a valley: too far.", pit.SE/pit.Expected)
	if len(order) > most {
		text += fmt.Sprintf(" The %d worst of %d.", most, len(order))
	}
	svg, err := figure.Lines(figure.Info{Title: "Latents", Description: text},
		figure.Chart{X: "rank in a unit Gaussian", Y: "rows in a bin / expected", Lines: lines, Limit: &figure.Mark{Name: "expected", Value: 1}})
	return picture("The rows as latents", text, svg, err)
}

func (m *Model) drawTraining(*Evaluation) (*Picture, error) {
	if m.Record == nil || len(m.Record.Result.Curve) < 2 || m.Saved.Parameters() == 0 { // no flow is part of the model
		return nil, nil
	}
	var panel figure.CurvePanel
	for _, p := range m.Record.Result.Curve {
		panel.Training = append(panel.Training, []float64{float64(p.Step), -p.Train})
		panel.Validation = append(panel.Validation, []float64{float64(p.Step), -p.Valid})
	}
	fitted := "the model"
	switch {
	case m.Record.Folds > 0:
		fitted = "the flow of the largest share and the first fold"
	case m.Record.Compared != nil:
		fitted = "the flow of the largest share"
	}
	text := fmt.Sprintf("The mean log-density of training and validation rows while %s was fitted, in nats; the weights of step %d were kept.", fitted, m.Record.Result.BestStep)
	svg, err := figure.Curves(figure.Info{Title: "Training", Description: text}, panel)
	return picture("How it was fitted", text, svg, err)
}
