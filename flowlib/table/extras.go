package table

import (
	"fmt"
	"slices"
	"strings"

	"normflow/internal/show"
)

// dropTrailing checks whether every known line ends with a delimiter that is followed by
// nothing, as some instruments write them. The first line, if it holds names, may lack
// the delimiter. The empty fields are not a column. Neither are those before a | that
// begins each line too.
func (s *csvSource) dropTrailing() {
	if len(s.waiting) < 2 {
		return
	}
	width := len(s.waiting[1].fields)
	for _, rec := range s.waiting[1:] {
		if len(rec.fields) != width || width < 2 || rec.fields[width-1] != "" {
			return
		}
	}
	switch n := len(s.waiting[0].fields); {
	case n == width && strings.TrimSpace(s.waiting[0].fields[n-1]) == "":
		s.waiting[0].fields = s.waiting[0].fields[:n-1]
	case n != width-1:
		return
	}
	s.trailing = true
	for i := range s.waiting[1:] {
		s.waiting[i+1].fields = s.waiting[i+1].fields[:width-1]
	}
	s.leading = s.delimiter == '|' && !slices.ContainsFunc(s.waiting, func(r record) bool { return len(r.fields) < 2 || strings.TrimSpace(r.fields[0]) != "" })
	for i := range s.waiting {
		if s.leading {
			s.waiting[i].fields = s.waiting[i].fields[1:]
		}
	}
}

// dropUnits drops a row of units below the header: text only, above numbers. If there are
// also columns of text, the units must stand above at least two columns of numbers: one
// text could as well be a missing value.
func (s *csvSource) dropUnits() {
	if len(s.waiting) < 2 {
		return
	}
	units, below := s.waiting[0], s.waiting[1].fields
	if len(units.fields) != s.width {
		return
	}
	over, texts := 0, 0
	for i, unit := range units.fields {
		if isNumber(unit) || i >= len(below) {
			return
		}
		if isNumber(below[i]) {
			if isBlank(unit) {
				continue // a column without a unit
			}
			over++
		} else {
			texts++
		}
	}
	if over == 0 || over == 1 && texts > 0 {
		return
	}
	for _, rec := range s.waiting[1:] { // a column of numbers with missing values has marks for them
		for i, unit := range units.fields {
			if i < len(rec.fields) && !isBlank(unit) && isNumber(below[i]) && rec.fields[i] == unit {
				return
			}
		}
	}
	s.waiting = s.waiting[1:]
	s.said += ", without the units in line " + fmt.Sprint(units.line)
	s.notes = append(s.notes, NoteOf("line %d (%s) was taken for units and left out", units.line, show.Names(units.fields)))
}
