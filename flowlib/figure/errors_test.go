package figure_test

import (
	"math"
	"strings"
	"testing"

	"normflow/flowlib/figure"
)

func TestErrors(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	bad := [][]float64{{0, 0}, {1, nan}}
	tests := []struct {
		name string
		draw func() (figure.SVG, error)
		want []string // parts of the message
	}{
		{"one state", func() (figure.SVG, error) {
			return figure.Learning(about, few(), figure.Mark{}, states()[:1]...)
		}, []string{"Learning", "1 state"}},
		{"a point lost", func() (figure.SVG, error) {
			s := states()
			s[2].Points = s[2].Points[1:]
			return figure.Learning(about, few(), figure.Mark{}, s...)
		}, []string{"Learning: state 2", "4 points", "expected 5"}},
		{"steps that fall", func() (figure.SVG, error) {
			s := states()
			s[2].Step = 10
			return figure.Learning(about, few(), figure.Mark{}, s...)
		}, []string{"Learning: state 2", "after 10 steps"}},
		{"pictures of two sizes", func() (figure.SVG, error) {
			return figure.Pictures(about, 1, figure.PicturePanel{Columns: 1, Pictures: [][][]float64{{{0}}, {{0}, {1}}}})
		}, []string{"Pictures: panel 0", "picture 1 has 2 rows, the first has 1"}},
		{"more than ink", func() (figure.SVG, error) {
			return figure.Pictures(about, 1, figure.PicturePanel{Columns: 1, Pictures: [][][]float64{{{0, nan}}}})
		}, []string{"Pictures: panel 0", "pixel [0][1] of picture 0 is NaN, expected 0 to 1"}},
		{"no columns", func() (figure.SVG, error) {
			return figure.Pictures(about, 1, figure.PicturePanel{Pictures: [][][]float64{{{0}}}})
		}, []string{"0 columns and 0 texts for 1 pictures"}},
		{"no likelihood", func() (figure.SVG, error) {
			s := states()
			s[0].LogLikelihood = nan
			return figure.Learning(about, few(), figure.Mark{}, s...)
		}, []string{"state 0", "NaN"}},
		{"windows that differ", func() (figure.SVG, error) {
			s := live()
			s.Learned.XMax = 3
			return figure.Live(about, s)
		}, []string{"Live: the learned density has the window"}},
		{"a point that the curve has not", func() (figure.SVG, error) {
			s := live()
			s.Shown = 3
			return figure.Live(about, s)
		}, []string{"Live: the shown point is 3 of a curve of 3"}},
		{"a learned density below 0", func() (figure.SVG, error) {
			s := live()
			s.Learned.Values = [][]float64{{0, -1}, {0, 0}}
			return figure.Live(about, s)
		}, []string{`Live: panel 1 ("learned")`, "value [0][1] is -1"}},
		{"no panel", func() (figure.SVG, error) { return figure.Scatter(about) }, []string{"Scatter", "no panel"}},
		{"no title", func() (figure.SVG, error) {
			return figure.Scatter(figure.Info{Description: "d"}, figure.Panel("data", few()))
		}, []string{"Title"}},
		{"scatter NaN", func() (figure.SVG, error) {
			return figure.Scatter(about, figure.Panel("data", few()), figure.Panel("samples", bad))
		}, []string{"Scatter", `panel 1 ("samples")`, "row 1", "NaN"}},
		{"scatter empty", func() (figure.SVG, error) { return figure.Scatter(about, figure.Panel("data", nil)) }, []string{"panel 0", "no points"}},
		{"scatter three columns", func() (figure.SVG, error) {
			return figure.Scatter(about, figure.Panel("data", [][]float64{{1, 2, 3}}))
		}, []string{"row 0", "3 numbers"}},
		{"density NaN", func() (figure.SVG, error) {
			return figure.Density(about, figure.DensityPanel{Name: "p", Values: [][]float64{{1, nan}}, XMax: 1, YMax: 1})
		}, []string{"Density", `panel 0 ("p")`, "[0][1]"}},
		{"density negative", func() (figure.SVG, error) {
			return figure.Density(about, figure.DensityPanel{Values: [][]float64{{1, -1}}, XMax: 1, YMax: 1})
		}, []string{"[0][1]", "at least 0"}},
		{"density ragged", func() (figure.SVG, error) {
			return figure.Density(about, figure.DensityPanel{Values: [][]float64{{1, 1}, {1}}, XMax: 1, YMax: 1})
		}, []string{"row 1"}},
		{"density without area", func() (figure.SVG, error) {
			return figure.Density(about, figure.DensityPanel{Values: [][]float64{{1}}, XMax: 1})
		}, []string{"no area"}},
		{"density zero", func() (figure.SVG, error) {
			return figure.Density(about, figure.DensityPanel{Values: [][]float64{{0}}, XMax: 1, YMax: 1})
		}, []string{"0 everywhere"}},
		{"density of points alone", func() (figure.SVG, error) {
			return figure.Density(about, figure.DensityPanel{Overlay: few(), XMax: 1, YMax: 1})
		}, []string{"no panel has a density", "Scatter"}},
		{"points without a window", func() (figure.SVG, error) {
			return figure.Density(about, figure.DensityPanel{Values: [][]float64{{1}}, XMax: 1, YMax: 1}, figure.DensityPanel{Name: "draws", Overlay: few()})
		}, []string{`panel 1 ("draws")`, "no area"}},
		{"layers lengths", func() (figure.SVG, error) {
			return figure.Layers(about, []float64{0}, figure.Stage{Name: "z", Points: few()})
		}, []string{`stage 0 ("z")`, "5 points", "1 colours"}},
		{"layers colour", func() (figure.SVG, error) {
			return figure.Layers(about, []float64{0, 2}, figure.Stage{Points: few()[:2]})
		}, []string{"value 1 is 2"}},
		{"grid Inf", func() (figure.SVG, error) {
			return figure.WarpedGrid(about, figure.GridPanel{Horizontal: [][][]float64{few()}, Vertical: [][][]float64{few(), {{inf, 0}}}})
		}, []string{"vertical line 1", "row 0", "Inf"}},
		{"curves NaN", func() (figure.SVG, error) {
			return figure.Curves(about, figure.CurvePanel{Name: "moons", Training: bad, Validation: few()})
		}, []string{`"moons"`, "training", "row 1"}},
		{"curves limit", func() (figure.SVG, error) {
			return figure.Curves(about, figure.CurvePanel{Validation: few(), Limit: &figure.Mark{Name: "−entropy", Value: nan}})
		}, []string{"−entropy", "NaN"}},
		{"layer counts", func() (figure.SVG, error) {
			return figure.LayerCounts(about, nil, figure.LayerSeries{Name: "affine", Layers: []int{2, 4}, KL: [][]float64{{1}, {nan}}})
		}, []string{`series 0 ("affine")`, "4 layers", "value 0"}},
		{"layer counts order", func() (figure.SVG, error) {
			return figure.LayerCounts(about, nil, figure.LayerSeries{Layers: []int{4, 2}, KL: [][]float64{{1}, {1}}})
		}, []string{"increasing"}},
		{"histogram Inf", func() (figure.SVG, error) {
			return figure.Histogram(about, "x", nil, figure.Sample{Name: "normal", Values: []float64{0, -inf}})
		}, []string{`sample 0 ("normal")`, "value 1"}},
		{"lines log", func() (figure.SVG, error) {
			return figure.Lines(about, figure.Chart{LogX: true, Lines: []figure.Line{{XY: [][]float64{{0, 1}}}}})
		}, []string{"logarithmic", "row 0"}},
		{"lines band", func() (figure.SVG, error) {
			return figure.Lines(about, figure.Chart{Lines: []figure.Line{{XY: few(), Low: []float64{1}}}})
		}, []string{"5 points", "bands of 1 and 0"}},
		{"lines log y", func() (figure.SVG, error) {
			return figure.Lines(about, figure.Chart{LogY: true, Lines: []figure.Line{{XY: [][]float64{{0, 1}, {0, 0}}}}})
		}, []string{"logarithmic", "row 1", "y = 0"}},
		{"lines log mark", func() (figure.SVG, error) {
			return figure.Lines(about, figure.Chart{LogY: true, Lines: []figure.Line{{XY: [][]float64{{0, 1}}}}, Limit: &figure.Mark{Name: "−H"}})
		}, []string{"logarithmic", "−H", "at 0"}},
		{"lines log band", func() (figure.SVG, error) {
			return figure.Lines(about, figure.Chart{LogY: true, Lines: []figure.Line{{XY: [][]float64{{0, 1}}, Low: []float64{1}, High: []float64{2}}}})
		}, []string{"band"}},
		{"compare NaN", func() (figure.SVG, error) {
			return figure.Compare(about, "x", []string{"plain"}, []string{"affine"}, figure.ComparePanel{Name: "moons", Values: [][][]float64{{{1, nan}}}})
		}, []string{`panel 0 ("moons")`, `row 0 ("plain")`, `series 0 ("affine")`, "value 1"}},
		{"compare without seeds", func() (figure.SVG, error) {
			return figure.Compare(about, "x", []string{"plain"}, []string{"affine"}, figure.ComparePanel{Values: [][][]float64{{{}}}})
		}, []string{`row 0 ("plain")`, "no values"}},
		{"compare rows", func() (figure.SVG, error) {
			return figure.Compare(about, "x", []string{"plain", "+ LU"}, []string{"affine"}, figure.ComparePanel{Values: [][][]float64{{{1}}}})
		}, []string{"1 rows of values", "2 names"}},
		{"compare series", func() (figure.SVG, error) {
			return figure.Compare(about, "x", []string{"plain"}, []string{"affine"}, figure.ComparePanel{Values: [][][]float64{{{1}, {2}}}})
		}, []string{"2 series", "1 names"}},
		{"compare nothing", func() (figure.SVG, error) {
			return figure.Compare(about, "x", nil, nil, figure.ComparePanel{})
		}, []string{"0 names of rows"}},
		{"ranges NaN", func() (figure.SVG, error) {
			return figure.Ranges(about, "x", "", "", []string{"height"}, []figure.Range{{}}, figure.RangePanel{Name: "one", Values: []float64{nan}})
		}, []string{`panel 0 ("one")`, "value 0"}},
		{"ranges order", func() (figure.SVG, error) {
			return figure.Ranges(about, "x", "", "", []string{"height"}, []figure.Range{{Low: 1, Middle: 0, High: 2}}, figure.RangePanel{Values: []float64{0}})
		}, []string{`row 0 ("height")`, "not in order"}},
		{"ranges rows", func() (figure.SVG, error) {
			return figure.Ranges(about, "x", "", "", []string{"height"}, []figure.Range{{}}, figure.RangePanel{Values: []float64{0, 1}})
		}, []string{"2 values", "1 rows"}},
		{"ranges missing", func() (figure.SVG, error) {
			return figure.Ranges(about, "x", "", "", []string{"height"}, nil, figure.RangePanel{Values: []float64{0}})
		}, []string{"0 ranges", "1 rows"}},
		{"ranges nothing", func() (figure.SVG, error) { return figure.Ranges(about, "x", "", "", nil, nil, figure.RangePanel{}) }, []string{"rows"}},
		{"thumbnails shape", func() (figure.SVG, error) {
			return figure.Thumbnails(about, figure.DensityPanel{Values: [][]float64{{1}}, XMax: 1, YMax: 1},
				figure.DensityPanel{Name: "wide", Values: [][]float64{{1}}, XMax: 2, YMax: 1})
		}, []string{`panel 1 ("wide")`, "0.5", "1"}},
		{"thumbnails zero", func() (figure.SVG, error) {
			return figure.Thumbnails(about, figure.DensityPanel{Values: [][]float64{{0}}, XMax: 1, YMax: 1})
		}, []string{"panel 0", "0 everywhere"}},
		{"thumbnails NaN", func() (figure.SVG, error) {
			return figure.Thumbnails(about, figure.DensityPanel{Values: [][]float64{{nan}}, XMax: 1, YMax: 1})
		}, []string{"[0][0]"}},
		{"bars", func() (figure.SVG, error) { return figure.Bars(about, "x", figure.Bar{Value: -1}) }, []string{"value 0", "at least 0"}},
	}
	for _, tt := range tests {
		svg, err := tt.draw()
		if err == nil || svg != nil {
			t.Errorf("%s: no error, and %d bytes", tt.name, len(svg))
			continue
		}
		for _, part := range append(tt.want, "figure: ") {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: error %q does not say %q", tt.name, err, part)
			}
		}
	}
}
