package table

import (
	"encoding/csv"
	"slices"
	"strings"

	"normflow/internal/show"
)

// textColumns names the columns to be read as numbers that hold none in the line where
// the first text was found and in those that are known behind it, a thousand at most,
// but hold texts: all of them at once, so that a person need not find one a run.
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

// flagValue is a list of names as a shell's word for a flag that takes such a list, in
// which a name with a comma or a quote stands in quotes.
func flagValue(names []string) string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	w.Write(names) //nolint:errcheck // into memory
	w.Flush()
	value := strings.TrimSuffix(b.String(), "\n")
	if strings.Trim(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+./,:=@%") == "" {
		return value
	}
	if slices.ContainsFunc(names, func(name string) bool { return !show.Printable(name) }) {
		return show.QuotedNames(names) // no word for a shell
	}
	return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
}
