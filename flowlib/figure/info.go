// Package figure turns plain numbers into SVG pictures: scatter plots, density heat maps,
// a flow layer by layer, training curves, and a few charts.
//
// All pictures look alike: a white rounded card, readable on paper and on a dark page,
// dark text, and the color-blind safe palette of Okabe and Ito. Each has a title and a
// description for readers who cannot see it. Showing it needs no script and no network,
// and the same numbers give the same bytes.
//
// Points are rows of two numbers, [][]float64 of shape [N, 2]: x, then y. Every function
// refuses empty input, NaN and infinities with an error that names the panel, the series
// and the row.
//
// Text is set in Liberation Sans, or Arial or Helvetica, which have the same widths. A
// renderer that uses no system fonts (Typst) needs one of them.
package figure

import (
	"fmt"
	"math"
	"strings"
)

// Info describes a picture. Both texts go into the SVG for screen readers and are not
// drawn: sighted readers see captions and panel names.
type Info struct {
	Title       string // a few words
	Description string // the alternative text: what the picture shows and what follows from it

	// Half draws the picture for half the width of a page (8 cm in print, 500 px on a
	// screen) instead of the whole (17 cm, 900 px), with letters of the same size.
	Half bool
}

// SVG is a complete SVG document in UTF-8 without an XML declaration, so that it can be a
// file or part of an HTML page.
type SVG []byte

// Mark is a reference value, drawn as a labeled straight line.
type Mark struct {
	Name  string
	Value float64 // in the unit of the axis it marks
}

func (i Info) check(function string, panels int) error {
	switch {
	case strings.TrimSpace(i.Title) == "" || strings.TrimSpace(i.Description) == "":
		return fmt.Errorf("figure: %s: Info needs a Title and a Description, found %q and %q", function, i.Title, i.Description)
	case panels == 0:
		return fmt.Errorf("figure: %s: nothing to draw: no panel given", function)
	}
	return nil
}

// place names a panel or series in an error, by its number and name, if it has one.
func place(kind string, index int, name string) string {
	if name == "" {
		return fmt.Sprintf("%s %d", kind, index)
	}
	return fmt.Sprintf("%s %d (%q)", kind, index, name)
}

func checkPoints(where string, rows [][]float64) error {
	if len(rows) == 0 {
		return fmt.Errorf("figure: %s: no points", where)
	}
	for i, row := range rows {
		if len(row) != 2 {
			return fmt.Errorf("figure: %s: row %d has %d numbers, expected 2", where, i, len(row))
		}
		if !finite(row[0]) || !finite(row[1]) {
			return fmt.Errorf("figure: %s: row %d is %v, expected finite numbers", where, i, row)
		}
	}
	return nil
}

func checkValues(where string, values []float64) error {
	if len(values) == 0 {
		return fmt.Errorf("figure: %s: no values", where)
	}
	for i, v := range values {
		if !finite(v) {
			return fmt.Errorf("figure: %s: value %d is %v, expected a finite number", where, i, v)
		}
	}
	return nil
}

func checkMark(where string, m *Mark) error {
	if m != nil && !finite(m.Value) {
		return fmt.Errorf("figure: %s: mark %q is at %v, expected a finite number", where, m.Name, m.Value)
	}
	return nil
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

func checkNotEmpty(where, what string, count int) error {
	if count == 0 {
		return fmt.Errorf("figure: %s: no %s", where, what)
	}
	return nil
}

func checkBars(values []float64) error {
	if err := checkValues("Bars", values); err != nil {
		return err
	}
	for i, v := range values {
		if v < 0 {
			return fmt.Errorf("figure: Bars: value %d is %v, expected at least 0", i, v)
		}
	}
	return nil
}
