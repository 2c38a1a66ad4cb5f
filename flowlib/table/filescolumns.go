package table

import (
	"fmt"
	"slices"
	"strconv"

	"normflow/internal/show"
)

// unlike returns an error for columns of other names than those of the first file.
func (f *Files) unlike(all []Column, alike func(string) bool) error {
	first := show.Path(f.all[0].path)
	set := func(names []string) map[string]bool {
		in := map[string]bool{}
		for _, name := range names {
			in[name] = true
		}
		return in
	}
	switch nameless := isNameless(f.described); {
	case isNameless(all) && !nameless:
		return &Error{Problem: fmt.Sprintf("gives its columns no names, where those of %s are %s: write them in its first line", first, shorten(names(f.described)))}
	case nameless && !isNameless(all):
		return &Error{Problem: fmt.Sprintf("names its columns %s, where %s gives them no names: write them in the first line of each", shorten(names(all)), first)}
	}
	expected, read, there := names(f.described), set(f.columns), set(names(all))
	without := func(in map[string]bool) func(string) bool { return func(name string) bool { return in[name] } }
	missing := slices.DeleteFunc(slices.Clone(expected), without(there))
	if used := slices.DeleteFunc(slices.Clone(missing), func(name string) bool { return !read[name] }); len(used) > 0 {
		return &Error{Problem: fmt.Sprintf("has no %s, which %s has: its columns are %s: expected columns of the same names in each file", columnsOf(used), first, shorten(names(all)))}
	}
	more := slices.DeleteFunc(names(all), without(set(expected)))
	unread := func(name string) bool { return !alike(name) }
	missing, more = slices.DeleteFunc(missing, unread), slices.DeleteFunc(more, unread)
	problem := ""
	switch {
	case len(missing) > 0:
		problem = fmt.Sprintf("has no %s, which %s has", columnsOf(missing), first)
	case len(more) > 0:
		problem = fmt.Sprintf("has the %s, which %s has not", columnsOf(more), first)
	default:
		return nil
	}
	return &Error{Problem: problem, Remedies: []Remedy{{Do: "write the same columns to each file"}, {"name those to read", OptionColumns, nil}}}
}

// isNameless reports whether all columns have the names that a file without names gets.
func isNameless(all []Column) bool {
	for i, c := range all {
		if c.Name != "c"+strconv.Itoa(i+1) {
			return false
		}
	}
	return true
}

// columnsOf names some columns.
func columnsOf(some []string) string {
	if len(some) == 1 {
		return "column " + show.Quoted(some[0])
	}
	return "columns " + show.QuotedNames(some)
}

// typed returns an error for numbers where the first file has texts, which are coded.
func (f *Files) typed(r *Reader) error {
	if _, isText := r.src.(*csvSource); isText || f.coders == nil {
		return nil
	}
	for k, c := range r.named {
		at := slices.IndexFunc(f.described, func(of Column) bool { return of.Name == c.Name })
		if f.coders[k] != nil && f.described[at].IsText() && !c.IsText() {
			return &Error{File: r.name, Problem: fmt.Sprintf("column %s holds numbers, in %s texts: write one of them in both", show.Quoted(c.Name), show.Path(f.all[0].path))}
		}
	}
	return nil
}
