package table

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"normflow/internal/nearest"
	"normflow/internal/show"
)

// byteOrderMark begins a UTF-8 file of some programs.
const byteOrderMark = "\ufeff"

// checkNames returns an error for a table without columns, with too many, or with two of
// the same name. It names those without a name, and frees names of byte order marks, which
// programs take for a part of the first.
func checkNames(all []Column) error {
	if len(all) == 0 {
		return errors.New("holds no columns")
	}
	if len(all) > maxColumns {
		return fmt.Errorf("has %d columns, expected at most %d", len(all), maxColumns)
	}
	place := make(map[string]int, len(all))
	for i := range all {
		if all[i].Name = strings.Trim(all[i].Name, byteOrderMark); all[i].Name == "" {
			all[i].Name = "c" + strconv.Itoa(i+1)
		}
		if first, twice := place[all[i].Name]; twice {
			return fmt.Errorf("columns %d and %d are both called %s: give every column a name of its own", first+1, i+1, show.Quoted(all[i].Name))
		}
		place[all[i].Name] = i
	}
	return nil
}

// every returns the places of all columns.
func every(all []Column) (places []int) {
	for i := range all {
		places = append(places, i)
	}
	return places
}

// pick returns the columns at some places.
func pick(all []Column, places []int) (some []Column) {
	for _, i := range places {
		some = append(some, all[i])
	}
	return some
}

// selectColumns returns the indices of the columns that o asks for, as numbers or, where
// there is a coder, as texts, and those of the kept texts.
func selectColumns(all []Column, o Options) (numbers, texts []int, coders []Coder, err error) {
	find := finder(all)
	exclude, err := find(o.Exclude, OptionExclude)
	if err != nil {
		return nil, nil, nil, err
	}
	if len(o.Columns) > 0 {
		if numbers, err = find(o.Columns, OptionColumns); err != nil {
			return nil, nil, nil, err
		}
	} else {
		for i := range all {
			if !slices.Contains(exclude, i) {
				numbers = append(numbers, i)
			}
		}
	}
	if len(numbers) == 0 {
		return nil, nil, nil, fmt.Errorf("no column is left to read; there are: %s", shorten(names(all)))
	}
	coders = o.coders(all, numbers)
	for k, i := range numbers {
		c := all[i]
		switch {
		case coders != nil && coders[k] != nil && c.Kind == Other:
			return nil, nil, nil, fmt.Errorf("column %s holds %s, expected texts or numbers; there are: %s", show.Quoted(c.Name), c.note, shorten(names(all)))
		case c.Kind != Number && (coders == nil || coders[k] == nil):
			return nil, nil, nil, noNumbers(all, numbers, o.Settled)
		}
	}
	texts, err = keptColumns(all, o.Keep, find)
	return numbers, texts, coders, err
}

// keptColumns returns the indices of the columns to keep. Of all, "*", those that cannot
// be kept are left out, see [unkept].
func keptColumns(all []Column, keep []string, find func([]string, Option) ([]int, error)) (texts []int, err error) {
	if slices.Equal(keep, []string{"*"}) {
		return slices.DeleteFunc(every(all), func(i int) bool { return all[i].Kind == Other }), nil
	}
	texts, err = find(keep, OptionKeep)
	for _, i := range texts {
		if c := all[i]; c.Kind == Other {
			return nil, fmt.Errorf("column %s holds %s, which cannot be kept: keep others; there are: %s", show.Quoted(c.Name), c.note, shorten(names(all)))
		}
	}
	return texts, err
}

// unkept says which columns are left out if all are to be kept.
func unkept(all []Column, keep []string) (notes []Note) {
	var hold []string
	for _, c := range all {
		if c.Kind == Other {
			hold = append(hold, show.Quoted(c.Name)+" ("+c.note+")")
		}
	}
	if len(hold) > 0 && slices.Equal(keep, []string{"*"}) {
		columns := "columns"
		if len(hold) == 1 {
			columns = "column"
		}
		notes = append(notes, NoteOf("%s %s cannot be kept, and the output is without: write each value as text or numbers to keep it", columns, show.List(hold)))
	}
	return notes
}

// noNumbers returns an error that lists the wanted columns that hold no numbers.
func noNumbers(all []Column, wanted []int, settled bool) error {
	var texts, hold []string
	for _, i := range wanted {
		if c := all[i]; c.Kind != Number {
			texts, hold = append(texts, c.Name), append(hold, show.Quoted(c.Name)+" "+c.note)
		}
	}
	columns, it := "columns hold", "them"
	if len(texts) == 1 {
		columns, it = "column "+show.Quoted(texts[0])+" holds", "it"
		hold = []string{all[slices.IndexFunc(all, func(c Column) bool { return c.Name == texts[0] })].note}
	}
	e := &Error{Problem: fmt.Sprintf("%s %s, expected numbers (the columns are %s)", columns, show.List(hold), shorten(names(all)))}
	e.Remedies = []Remedy{{Do: "write " + it + " as numbers"}}
	if c := all[slices.IndexFunc(all, func(c Column) bool { return c.Name == texts[0] })]; c.remedy != "" {
		e.Remedies[0].Do = c.remedy
	}
	if !settled && len(texts) < len(wanted) {
		e.Remedies = append(e.Remedies, leaveOut(texts, names(pick(all, wanted))))
	}
	return e
}

// finder returns a function that turns names, or numbers from 1, into indices.
func finder(all []Column) func(wanted []string, by Option) ([]int, error) {
	place := make(map[string]int, len(all))
	for i, c := range all {
		place[c.Name] = i
	}
	return func(wanted []string, by Option) ([]int, error) {
		var found []int
		taken := map[int]bool{}
		for _, name := range wanted {
			i, ok := place[name]
			if n, err := strconv.Atoi(name); !ok && err == nil && 1 <= n && n <= len(all) {
				i, ok = n-1, true
			}
			if !ok {
				return nil, &Error{Option: by, Problem: nearest.Unknown("column", name, names(all))}
			}
			if taken[i] {
				return nil, &Error{Option: by, Problem: fmt.Sprintf("column %s is named twice", show.Quoted(all[i].Name))}
			}
			taken[i] = true
			found = append(found, i)
		}
		return found, nil
	}
}
