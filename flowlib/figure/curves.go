package figure

import (
	"slices"

	"gonum.org/v1/plot/vg/draw"
)

// CurvePanel is one training run. Rows are (optimizer step, mean log-likelihood per
// example in nats).
type CurvePanel struct {
	Name       string
	Training   [][]float64 // [N, 2], of the batches; may be nil
	Validation [][]float64 // [N, 2]
	Limit      *Mark       // what the curves approach, in nats: the negative entropy; may be nil
}

// Curves draws training curves, one panel per run. The y axis ignores the first steps of
// the run, whose values would flatten everything else: it covers the validation curve
// after the first twentieth of the steps, the training curve there without its extremes,
// and the limit. Curves are cut off at the frame.
func Curves(info Info, panels ...CurvePanel) (SVG, error) {
	if err := info.check("Curves", len(panels)); err != nil {
		return nil, err
	}
	s := sheet{info: info, most: 2, gap: 22, aspect: 0.62}
	if len(panels) == 1 {
		s.aspect = 0.42
	}
	if info.Half {
		s.aspect = 0.8
	}
	narrow := info.Half && len(panels) > 1 // two side by side have room for few ticks
	training, limit := false, false
	for i, panel := range panels {
		where := "Curves: " + place("panel", i, panel.Name)
		if err := checkPoints(where+", validation", panel.Validation); err != nil {
			return nil, err
		}
		if panel.Training != nil {
			training = true
			if err := checkPoints(where+", training", panel.Training); err != nil {
				return nil, err
			}
		}
		if err := checkMark(where, panel.Limit); err != nil {
			return nil, err
		}
		p := newPlot("optimizer steps", "log-likelihood (nats)")
		if i%s.most != 0 {
			p.Y.Label.Text = ""
		}
		setRange(p, panel.view())
		p.Add(gridLines{horizontal: true}, name{text: panel.Name})
		if panel.Training != nil {
			p.Add(lines{[][][]float64{panel.Training}, draw.LineStyle{Color: fade(seriesColor(0), 0.35), Width: 0.9}})
		}
		if panel.Limit != nil {
			limit = true
			label := decimal(panel.Limit.Value, 3)
			if !narrow {
				label = panel.Limit.Name + " = " + label
			}
			p.Add(reference{mark: *panel.Limit, label: label, color: seriesColor(1)})
		}
		p.Add(lines{[][][]float64{panel.Validation}, draw.LineStyle{Color: seriesColor(0), Width: 2}})
		setRange(p, panel.view())
		if narrow {
			p.X.Tick.Marker = ticks{most: 3}
		}
		s.panels = append(s.panels, p)
	}
	if training {
		s.legend = append(s.legend, entry{"training", fade(seriesColor(0), 0.45), swatchThin})
	}
	s.legend = append(s.legend, entry{"validation", seriesColor(0), swatchLine})
	if limit {
		s.legend = append(s.legend, entry{panels[0].limitName(), seriesColor(1), swatchDash})
	}
	return s.render()
}

func (c CurvePanel) limitName() string {
	if c.Limit == nil {
		return "limit"
	}
	return c.Limit.Name
}

// view returns the limits of the axes.
func (c CurvePanel) view() box {
	var b box
	for _, rows := range [][][]float64{c.Training, c.Validation} {
		for _, row := range rows {
			b.xmax = max(b.xmax, row[0])
		}
	}
	if b.xmax == 0 {
		b.xmax = 1
	}
	late := func(rows [][]float64) []float64 {
		var out []float64
		for i, row := range rows {
			if row[0] >= 0.05*b.xmax || i == len(rows)-1 {
				out = append(out, row[1])
			}
		}
		slices.Sort(out)
		return out
	}
	shown := late(c.Validation)
	if batches := late(c.Training); len(batches) > 0 {
		shown = append(shown, quantile(batches, 0.01), quantile(batches, 0.995))
	}
	if c.Limit != nil {
		shown = append(shown, c.Limit.Value)
	}
	b.ymin, b.ymax = pad(slices.Min(shown), slices.Max(shown), 0.08)
	// Room for the name of the limit, which is above its line.
	if c.Limit != nil {
		b.ymax = max(b.ymax, c.Limit.Value+0.14*(b.ymax-b.ymin))
	}
	return b
}
