package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"normflow/flowlib/table"
	"normflow/flowlib/tabular"
	"normflow/internal/memory"
	"normflow/internal/show"
)

// readFlags say how to read a table.
type readFlags struct {
	missing, header, delimiter, decimal, comment, array, memory string
	na                                                          []string
}

func (r *readFlags) add(f *pflag.FlagSet) {
	f.StringVar(&r.missing, "missing", "error", "rows with missing values: error, drop to leave them out, or model to make them part of the density")
	f.StringVar(&r.header, "header", "auto", "whether the first line of a CSV holds names: auto, yes or no")
	f.StringVar(&r.delimiter, "delimiter", "", "of a CSV: , ; | : space, tab, or blanks for any run of them (default detected)")
	f.StringVar(&r.decimal, "decimal", "", "the decimal mark of a CSV: . or , (default detected)")
	f.StringVar(&r.comment, "comment", "", "the character that begins lines of a CSV to skip (default: # at its top only)")
	f.StringArrayVar(&r.na, "na", nil, "a mark for a missing value in a CSV, such as - (may be repeated)")
	f.StringVar(&r.array, "array", "", "the array of an NPZ to read (default all, side by side)")
	f.StringVar(&r.memory, "memory", "", "memory limit, such as 2GB (default half of the machine's or container's memory)")
}

func (r *readFlags) options() (o table.Options, err error) {
	var ok bool
	if o.Missing, ok = map[string]table.Missing{"error": table.MissingError, "drop": table.MissingDrop, "model": table.MissingKeep}[r.missing]; !ok {
		return o, usageError{fmt.Errorf("--missing: expected error, drop or model, found %q", r.missing)}
	}
	if o.Header, ok = map[string]table.Header{"auto": table.HeaderAuto, "yes": table.HeaderYes, "no": table.HeaderNo}[r.header]; !ok {
		return o, usageError{fmt.Errorf("--header: expected auto, yes or no, found %q", r.header)}
	}
	text := map[string]string{"space": " ", "tab": "\t", `\t`: "\t", "blanks": string(table.Blanks)}[r.delimiter]
	if text == "" {
		text = r.delimiter
	}
	if o.Delimiter, ok = one(text); !ok {
		return o, usageError{fmt.Errorf("--delimiter: expected one of , ; | : space, tab or blanks, found %q", r.delimiter)}
	}
	if o.Decimal, ok = one(r.decimal); !ok || o.Decimal != 0 && o.Decimal != '.' && o.Decimal != ',' {
		return o, usageError{fmt.Errorf("--decimal: expected . or , found %q", r.decimal)}
	}
	if o.Comment, ok = one(r.comment); !ok {
		return o, usageError{fmt.Errorf("--comment: expected one character, such as #, found %q", r.comment)}
	}
	o.NA = r.na
	o.Array = r.array
	if r.memory != "" {
		if o.Memory, err = memory.Parse(r.memory); err != nil {
			return o, usageError{fmt.Errorf("--memory: %w", err)}
		}
	}
	memory.Limit(o.Memory)
	return o, nil
}

// one returns the only character of text, 0 if text is empty.
func one(text string) (r rune, ok bool) {
	if text == "" {
		return 0, true
	}
	r, size := utf8.DecodeRuneInString(text)
	return r, size == len(text) && r != utf8.RuneError
}

func addEngine(f *pflag.FlagSet, engine *string) {
	f.StringVar(engine, "engine", "auto", "one of "+strings.Join(tabular.Engines, ", ")+"; auto is fast for every model of the zoo")
}

func addJSON(f *pflag.FlagSet, asJSON *bool) {
	f.BoolVar(asJSON, "json", false, "print one JSON object on standard output")
}

// checkStreams refuses to mix a table with JSON on standard output.
func checkStreams(out string, asJSON bool) error {
	if table.IsStdout(out) && asJSON {
		return usageError{fmt.Errorf("--json prints on the standard output, where the table goes too: name a file with -o")}
	}
	return nil
}

func printJSON(w io.Writer, v any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(v)
}

// noteTo returns a function that prints a line.
func noteTo(cmd *cobra.Command) func(string) {
	return func(text string) { fmt.Fprintln(cmd.ErrOrStderr(), text) }
}

// showSeen reports on standard error what was read.
func showSeen(cmd *cobra.Command, seen tabular.Seen) {
	note := noteTo(cmd)
	if len(seen.Matched.Ignored) > 0 {
		note("ignored, not in the model: " + show.Names(seen.Matched.Ignored))
	}
	if seen.Matched.By == "position" {
		note("the file has no names: its columns were taken for the model's in their order")
	}
	if seen.Dropped > 0 {
		note(fmt.Sprintf("%d rows were left out: they miss a value", seen.Dropped))
	}
	if seen.Missing > 0 {
		note(fmt.Sprintf("%d rows miss a value, as the model expects of some", seen.Missing))
	}
	if seen.Zero > 0 {
		note(fmt.Sprintf("%d rows have density 0 (log_prob -Inf)", seen.Zero))
	}
	warn(cmd, seen.Warnings)
}

// warn prints warnings, one per line.
func warn(cmd *cobra.Command, warnings []table.Note) {
	for _, w := range warnings {
		noteTo(cmd)("warning: " + w.Text(namer(cmd)))
	}
}
