package table

import (
	"fmt"
	"strings"

	"normflow/internal/show"
)

// dropTrailing sees whether the lines end with a delimiter behind which nothing is, as
// some instruments write them: all that are known do, but for the first, which may hold
// the names and have none there either. That is no column.
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
}

// dropUnits leaves out a row of units below the header: texts alone, over numbers. Beside
// columns of text they must stand over two columns of numbers: one text there may as well
// be a value that is missing.
func (s *csvSource) dropUnits() {
	if len(s.waiting) < 2 {
		return
	}
	units, below := s.waiting[0], s.waiting[1].fields
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
	for _, rec := range s.waiting[1:] { // a column of numbers that misses a value here and there has marks for that
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
