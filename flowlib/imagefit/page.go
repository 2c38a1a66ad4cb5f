package imagefit

import (
	"bytes"
	"cmp"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"math"
	"slices"

	"normflow/flowlib/figure"
	"normflow/flowlib/imageflow"
	"normflow/flowlib/imageset"
	"normflow/internal/htmlpage"
	"normflow/internal/show"
)

//go:embed page.html
var pageText string

var pageTemplate = htmlpage.Parse(pageText, nil)

// sheet is a figure of pictures side by side.
type sheet struct {
	Title, Caption string
	Source         template.URL // the PNG, in the page itself
}

// Page returns an HTML page about pictures read from path: what they cost, some of them
// beside draws of the model, the strangest, and how the costs compare with those of the
// pictures held out at the fit. It loads nothing and runs no script.
func (m *Model) Page(path string, s *Scores, pictures *imageset.Set, seed int64) ([]byte, error) {
	const most = 64 // pictures in a figure
	n := min(most, pictures.Len())
	draws, err := m.Sample(n, "", 1, seed)
	if err != nil {
		return nil, err
	}
	order := make([]int, pictures.Len())
	for i := range order {
		order[i] = i
	}
	likeliest := slices.SortedStableFunc(slices.Values(order), func(a, b int) int { return cmp.Compare(s.Each[a], s.Each[b]) })
	few := min(n, most/4)
	strangest := slices.Clone(likeliest[len(order)-few:])
	slices.Reverse(strangest)
	var rows [2][]sheet
	for i, f := range []struct {
		title, caption string
		set            *imageset.Set
	}{
		{"Pictures", fmt.Sprintf("The first %d of %d.", n, pictures.Len()), pictures.Take(order[:n])},
		{"Draws of the model", "Pictures that the model draws. The more they look like the others, the better it is.", draws},
		{"The likeliest", "Those that cost the fewest bits, the cheapest first.", pictures.Take(likeliest[:few])},
		{"The strangest", "Those that cost the most bits, the dearest first.", pictures.Take(strangest)},
	} {
		f.set.Levels = m.Record.Config.Levels
		source, err := inPage(f.set, 2)
		if err != nil {
			return nil, err
		}
		rows[i/2] = append(rows[i/2], sheet{f.title, f.caption, source})
	}
	costs, err := figure.Histogram(figure.Info{Title: "Bits per dimension", Description: "What each picture costs, and each of those held out at the fit."},
		"bits per dimension", nil, figure.Sample{Name: "these pictures", Values: s.Each}, figure.Sample{Name: "held out at the fit", Values: m.Record.HeldOut})
	if err != nil {
		return nil, err
	}
	f, err := s.Flag(0.05)
	if err != nil {
		return nil, err
	}
	var page bytes.Buffer
	err = pageTemplate.Execute(&page, map[string]any{
		"Dir": m.Dir, "Path": path, "S": s, "N": pictures.Len(), "Shape": pictures.Shape, "Channels": channels(pictures.Shape.Channels), "R": m.Record,
		"Verdict": s.verdict(m.Record.HeldOut), "Flagged": f, "Strange": float64(f.Flagged) / float64(pictures.Len()),
		"Sheets": rows, "Costs": template.HTML(costs), // package figure escapes its input
	})
	return []byte(show.Text(page.String())), err
}

// inPage returns pictures side by side, with gaps of so many pixels, as the address of an
// image that is in the page itself.
func inPage(s *imageset.Set, gap int) (template.URL, error) {
	png, err := s.Sheet(s.SheetScale(), gap)
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(png)), err
}

// verdict compares the pictures with those held out at the fit.
func (s *Scores) verdict(heldOut []float64) string {
	mean, se := imageflow.Mean(heldOut)
	difference, by := s.PerDim-mean, math.Hypot(s.StdErr, se)
	of := fmt.Sprintf("%.3f ± %.3f bits per dimension", math.Abs(difference), by)
	switch {
	case s.Same:
		return "The model was fitted to these pictures: it has seen most of them, and the figures flatter it. Judge it by new ones."
	case len(s.Each) == 1:
		return fmt.Sprintf("It is the only picture: %.0f %% of those held out at the fit, at most, cost as much or more.", 100*s.PValue[0])
	case math.Abs(difference) <= 2*by:
		return fmt.Sprintf("They cost as much as the pictures held out at the fit: the difference is %s.", of)
	case difference > 0:
		return fmt.Sprintf("They cost more than the pictures held out at the fit, by %s: they differ from what the model was fitted to.", of)
	}
	return fmt.Sprintf("They cost less than the pictures held out at the fit, by %s: they are simpler, which need not mean more alike.", of)
}
