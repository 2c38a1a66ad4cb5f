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

// A flag's value longer than this, in total or in one name, is not repeated in a message.
const (
	longestValue = 400
	longestName  = 100
)

// flagOf returns the flag of an option: its name in lower case, with hyphens between
// words.
func flagOf(o table.Option) string {
	switch o {
	case table.OptionNA:
		return "na"
	case tabular.OptionCount:
		return "n"
	case tabular.OptionNames:
		return "columns"
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

// namer names an option by the flag of a command, with its values as a word for the
// shell. An option that the command lacks is a flag of fit, or, in
// a sweep, the list of its values.
func namer(cmd *cobra.Command) table.Namer {
	return func(o table.Option, values ...string) string {
		flag := "--" + flagOf(o)
		switch has := cmd.Flags().Lookup; {
		case o == tabular.OptionNames && cmd.Name() != "import":
			flag = "flow import " + flag
		case has(flagOf(o)) != nil:
		case has(flagOf(o)+"s") != nil:
			flag += "s"
		case cmd.Name() != "fit":
			flag = "flow fit " + flag
		}
		if len(values) == 0 {
			return flag
		}
		value := values[0]
		if o == table.OptionExclude || o == table.OptionColumns || o == tabular.OptionNames {
			value = listOf(values)
		}
		isLong := func(name string) bool { return utf8.RuneCountInString(name) > longestName }
		if utf8.RuneCountInString(value) > longestValue || slices.ContainsFunc(values, isLong) {
			return flag
		}
		text := flag + " " + shellWord(value)
		if missing := cmd.Flags().Lookup("missing"); o == table.OptionNA && missing != nil && !missing.Changed {
			text += " --missing drop" // or the values would only be missing then
		}
		return text
	}
}

// listOf formats the value of a flag that takes a list: a name with a comma or a quote is
// quoted.
func listOf(names []string) string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	w.Write(names) //nolint:errcheck // into memory
	w.Flush()
	return strings.TrimSuffix(b.String(), "\n")
}

// inWords returns the text of an error, with the flags that help.
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

// told returns notes with the flags that help, for people or for JSON.
func told(cmd *cobra.Command, notes []table.Note) []table.Note {
	all := make([]table.Note, len(notes))
	for i, n := range notes {
		all[i].Says = n.Text(namer(cmd))
	}
	return all
}
