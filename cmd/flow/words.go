package main

import (
	"encoding/csv"
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"normflow/flowlib/table"
	"normflow/flowlib/tabular"
)

// A value of a flag with more runes than these, in all or in one name, is not said: it
// would make a line that nobody reads.
const (
	longestValue = 400
	longestName  = 100
)

// flagOf is the flag of an option: its name in lower case, its words parted by hyphens.
func flagOf(o table.Option) string {
	switch o {
	case table.OptionNA:
		return "na"
	case tabular.OptionCount:
		return "n"
	}
	var b strings.Builder
	for i, r := range string(o) {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// namer says an option as the flag of a command, with its values as a shell's word; one
// that the command lacks is that of fit.
func namer(cmd *cobra.Command) table.Namer {
	return func(o table.Option, values ...string) string {
		flag := "--" + flagOf(o)
		if cmd.Flags().Lookup(flagOf(o)) == nil && cmd.Name() != "fit" {
			flag = "flow fit " + flag
		}
		if len(values) == 0 {
			return flag
		}
		value := values[0]
		if o == table.OptionExclude {
			value = listOf(values)
		}
		isLong := func(name string) bool { return utf8.RuneCountInString(name) > longestName }
		if utf8.RuneCountInString(value) > longestValue || slices.ContainsFunc(values, isLong) {
			return flag
		}
		return flag + " " + shellWord(value)
	}
}

// listOf is the value of a flag that takes a list: a name with a comma or a quote stands
// in quotes.
func listOf(names []string) string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	w.Write(names) //nolint:errcheck // into memory
	w.Flush()
	return strings.TrimSuffix(b.String(), "\n")
}

// inWords is what an error says, with the flags that help.
func inWords(cmd *cobra.Command, err error) string {
	var e *table.Error
	if !errors.As(err, &e) {
		return err.Error()
	}
	return strings.Replace(err.Error(), e.Error(), e.Text(namer(cmd)), 1)
}

// isUsage reports whether the command was called wrongly.
func isUsage(err error) bool {
	var wrong usageError
	var e *table.Error
	return errors.As(err, &wrong) || errors.As(err, &e) && e.Usage()
}

// told are notes with the flags that help, for a person or for JSON.
func told(cmd *cobra.Command, notes []table.Note) []table.Note {
	all := make([]table.Note, len(notes))
	for i, n := range notes {
		all[i].Says = n.Text(namer(cmd))
	}
	return all
}
