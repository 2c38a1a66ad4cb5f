package table

import (
	"errors"
	"slices"
	"strings"
)

// checkDrawn returns an error if the text begins with a table as programs draw it on a
// terminal, whose marks and last lines are no rows.
func checkDrawn(head []byte) error {
	lines := firstLines(head, 0)
	first, second := "", ""
	if len(lines) > 1 {
		first, second = strings.TrimSpace(string(lines[0])), strings.TrimSpace(string(lines[1]))
	}
	switch {
	case strings.HasPrefix(first, "+-") && strings.Trim(first, "+-=") == "":
		return errors.New(`is a table drawn in a frame, expected CSV: write it anew (mysql -B), or take the frame off (grep '|' FILE | sed 's/^ *|//; s/| *$//')`)
	case strings.ContainsAny(first[:min(len(first), 3)]+second[:min(len(second), 3)], "┌╭╔┏│┃║"):
		return errors.New("is a table drawn in a frame, expected CSV: write it anew (sqlite3 -csv, duckdb -csv, write_csv of polars)")
	case strings.Contains(first, " | ") && strings.Contains(second, "-+-") && strings.Trim(second, "-+") == "":
		return errors.New("is a table as psql draws it, expected CSV: write it anew (\\pset format csv), or take its rows (grep '|' FILE)")
	case isSparse(lines):
		return errors.New("is a sparse table (index:value, as libsvm writes it), expected CSV: write a column for each index")
	}
	return nil
}

// isSparse reports whether each line is a number and then pairs of a whole number, which
// ascends, and a number, which are not all minutes of a time of day.
func isSparse(lines [][]byte) bool {
	pairs, times := 0, 0
	for _, line := range lines {
		text, _, _ := strings.Cut(string(line), "#")
		words := strings.Fields(text)
		if len(words) == 0 || !isNumber(words[0]) {
			return false
		}
		last := -1.0
		for _, word := range words[1:] {
			index, value, isPair := strings.Cut(word, ":")
			if index == "qid" { // the query of a row to be ranked
				continue
			}
			i, err := parseEither(index)
			if !isPair || err != nil || i <= last || !isNumber(value) {
				return false
			}
			last = i
			pairs++
			if len(value) == 2 {
				times++
			}
		}
	}
	return pairs > times
}

// dropRule drops the line of dashes that Markdown and others draw below the names, unless
// it is a row of marks for missing values, which come again.
func (s *csvSource) dropRule() {
	if len(s.waiting) < 2 {
		return
	}
	rule, seen := s.waiting[1], false
	for _, field := range rule.fields {
		field = strings.TrimSpace(field)
		if strings.Trim(field, "-=:+") != "" || field != "" && len(field) < 3 {
			return
		}
		seen = seen || field != ""
	}
	for _, rec := range s.waiting[2:] {
		for i, field := range rule.fields {
			if i < len(rec.fields) && strings.TrimSpace(field) != "" && rec.fields[i] == field {
				return
			}
		}
	}
	if seen {
		s.waiting = slices.Delete(s.waiting, 1, 2)
		s.said += ", without the rule below the names"
	}
}
