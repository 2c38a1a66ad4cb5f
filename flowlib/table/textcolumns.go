package table

import (
	"errors"
	"slices"
	"strings"
)

// textColumns names all columns to be read as numbers that hold text but no numbers, both
// in the line where the first text was found and in those known after it, up to a
// thousand, so that the user learns of all in one run.
func (s *csvSource) textColumns(found record) []string {
	const most = 1000
	isText, isNumeric := make([]bool, len(s.columns)), make([]bool, len(s.columns))
	look := func(fields []string) {
		for _, i := range s.want {
			if i >= len(fields) || isBlank(fields[i]) || s.numbers.missing[strings.TrimSpace(fields[i])] {
				continue
			}
			if isNumber(fields[i]) {
				isNumeric[i] = true
			} else {
				isText[i] = true
			}
		}
	}
	look(found.fields)
	for range most {
		rec, err := s.next()
		if err != nil {
			break
		}
		look(rec.fields)
	}
	var texts []string
	for _, i := range s.want {
		if isText[i] && !isNumeric[i] {
			texts = append(texts, s.columns[i].Name)
		}
	}
	return texts
}

// noNumber returns an error about a field of column i, caused by err, and for columns of
// text says what to do about all of them.
func (s *csvSource) noNumber(rec record, i int, err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	field := rec.fields[i]
	e.Unit, e.Line, e.Column = "line", rec.line, s.columns[i].Name
	if s.width == 1 && e.Expected != "" {
		if mark, parts := s.parts(field); parts {
			e.Expected = "one number, or several parted by a comma, a semicolon or a tab"
			e.Remedies = []Remedy{{"name the delimiter", OptionDelimiter, mark}}
			return e
		}
	}
	if s.settled || isNumber(field) {
		return e
	}
	texts := s.textColumns(rec)
	switch {
	case len(texts) == len(s.want): // no column would be left
	case len(texts) > 1 && slices.Contains(texts, e.Column):
		return &Error{
			Unit: "line", Line: rec.line, Problem: "columns hold text, expected numbers",
			Remedies: []Remedy{leaveOut(texts, names(pick(s.columns, s.want)))},
		}
	default:
		e.Remedies = append(e.Remedies, Remedy{"leave the column out", OptionExclude, []string{e.Column}})
	}
	return e
}

// leaveOut returns the advice to leave columns out of all that are wanted: by their names,
// or if these are long, by those of the others.
func leaveOut(columns, wanted []string) Remedy {
	const long = 300 // bytes
	var others []string
	for _, name := range wanted {
		if !slices.Contains(columns, name) {
			others = append(others, name)
		}
	}
	size := func(names []string) int { return len(strings.Join(names, ",")) }
	if size(columns) > long && size(others) < size(columns) {
		return Remedy{"name the others", OptionColumns, others}
	}
	if len(columns) == 1 {
		return Remedy{"leave it out", OptionExclude, columns}
	}
	return Remedy{"leave them out", OptionExclude, columns}
}

// parts reports whether a line of one field holds several numbers, and returns what
// separates them and those in the known lines below, in the words of [Dialect]; nil if
// nothing does.
func (s *csvSource) parts(field string) (mark []string, ok bool) {
	for _, m := range []struct {
		mark  rune
		value string
	}{{':', ":"}, {' ', "space"}, {Blanks, "blanks"}} {
		fields := fieldsOf(strings.TrimSpace(field), m.mark)
		if len(fields) < 2 || slices.ContainsFunc(fields, func(s string) bool { return !isNumber(s) && !isBlank(s) }) {
			continue
		}
		ok = true
		named := !s.header || len(fieldsOf(s.columns[0].Name, m.mark)) == len(fields)
		if named && !slices.ContainsFunc(s.waiting, func(r record) bool { return len(fieldsOf(r.fields[0], m.mark)) != len(fields) }) {
			return []string{m.value}, true
		}
	}
	return nil, ok || len(strings.Fields(field)) > 1
}
