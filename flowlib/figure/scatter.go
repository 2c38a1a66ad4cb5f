package figure

// Group is a set of points drawn in one color.
type Group struct {
	Name   string      // for the legend; "" is not listed
	Points [][]float64 // [N, 2]
}

// ScatterPanel is one panel of [Scatter]. In each panel the first group has the first
// color of the palette, and so on.
type ScatterPanel struct {
	Name   string
	Groups []Group
}

// Panel returns a panel with one group: figure.Panel("data", rows).
func Panel(name string, points [][]float64) ScatterPanel {
	return ScatterPanel{Name: name, Groups: []Group{{Points: points}}}
}

// Scatter draws points in panels side by side with the same limits, one unit of x as long
// as one of y. The limits cover all points except stragglers of heavy tails, which are
// drawn on the frame.
func Scatter(info Info, panels ...ScatterPanel) (SVG, error) {
	if err := info.check("Scatter", len(panels)); err != nil {
		return nil, err
	}
	var all [][][]float64
	most, groups := 0, 0
	for i, panel := range panels {
		where := "Scatter: " + place("panel", i, panel.Name)
		count := 0
		for j, group := range panel.Groups {
			if err := checkPoints(where+", "+place("group", j, group.Name), group.Points); err != nil {
				return nil, err
			}
			all = append(all, group.Points)
			count += len(group.Points)
		}
		if err := checkNotEmpty(where, "groups", len(panel.Groups)); err != nil {
			return nil, err
		}
		most, groups = max(most, count), max(groups, len(panel.Groups))
	}
	view := limits(all...).square()
	s := sheet{info: info, most: 4, gap: 16, aspect: view.aspect(), legend: make([]entry, 0, groups)}
	if info.Half {
		s.most = 2
	}
	seen := map[string]bool{}
	for _, panel := range panels {
		p := newPlot("", "")
		p.Add(frame{}, name{text: panel.Name})
		for j, group := range panel.Groups {
			p.Add(dots{group.Points, seriesColor(j), dotDiameter(most, s.panelWidth(len(panels)))})
			if group.Name != "" && !seen[group.Name] {
				seen[group.Name] = true
				s.legend = append(s.legend, entry{group.Name, seriesColor(j), swatchDot})
			}
		}
		setRange(p, view)
		s.panels = append(s.panels, p)
	}
	s.share()
	return s.render()
}
