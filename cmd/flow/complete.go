package main

import (
	"archive/zip"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"normflow/flowlib/dataset"
	"normflow/flowlib/flow"
	"normflow/flowlib/parts"
	"normflow/flowlib/table"
	"normflow/flowlib/tabular"
	"normflow/internal/show"
	"normflow/internal/whole"
)

// What the tab key offers, see 'flow completion --help'. If something is wrong with a
// file, it just offers less.

const (
	nothing = cobra.ShellCompDirectiveNoFileComp
	goOn    = cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp // the word may go on
)

// offer sets what is offered for a flag's value.
func offer(cmd *cobra.Command, flag string, what cobra.CompletionFunc) {
	if err := cmd.RegisterFlagCompletionFunc(flag, what); err != nil {
		panic(err) // there is no such flag
	}
}

// inTurn offers, for each argument, what belongs in its place.
func inTurn(what ...cobra.CompletionFunc) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
		if len(args) >= len(what) {
			return nil, nothing
		}
		return what[len(args)](cmd, args, word)
	}
}

// files offers files with these extensions.
func files(extensions ...string) cobra.CompletionFunc {
	return cobra.FixedCompletions(extensions, cobra.ShellCompDirectiveFilterFileExt)
}

var (
	tables   = files("csv", "tsv", "txt", "gz", "npy", "npz", "parquet")
	written  = files("csv", "tsv", "gz", "npy", "npz", "parquet")
	arrays   = files("npz", "safetensors")
	exported = files("onnx", "npz", "safetensors")
	folders  = cobra.FixedCompletions(nil, cobra.ShellCompDirectiveFilterDirs)
)

func choices(all ...string) cobra.CompletionFunc { return cobra.FixedCompletions(all, nothing) }

// models offers folders that hold a model or, without any, the folders on the way to one.
func models(_ *cobra.Command, _ []string, word string) ([]string, cobra.ShellCompDirective) {
	folder, start := filepath.Split(word)
	entries, err := os.ReadDir(cmp.Or(folder, "."))
	if err != nil {
		return nil, nothing
	}
	var found []string
	for _, e := range entries {
		path := folder + e.Name()
		if _, err := os.Stat(filepath.Join(path, whole.ModelFile)); err == nil && strings.HasPrefix(e.Name(), start) && show.Printable(e.Name()) {
			found = append(found, path)
		}
	}
	if len(found) == 0 {
		return nil, cobra.ShellCompDirectiveFilterDirs
	}
	return found, nothing
}

// zoo offers names of models, and what may follow them.
func zoo(_ *cobra.Command, _ []string, word string) (all []string, _ cobra.ShellCompDirective) {
	at := strings.LastIndex(word, "+")
	if at < 0 {
		return slices.Sorted(maps.Keys(flow.Zoo)), goOn
	}
	for _, change := range []string{"actnorm", "lu", "mixture", "plain"} {
		if !slices.Contains(strings.Split(word[:at], "+"), change) {
			all = append(all, word[:at+1]+change)
		}
	}
	return all, goOn
}

func densities(*cobra.Command, []string, string) (all []string, _ cobra.ShellCompDirective) {
	for _, d := range dataset.Densities() {
		all = append(all, cobra.CompletionWithDesc(d.Name, fmt.Sprintf("entropy %.4f nats", d.Entropy)))
	}
	return all, nothing
}

// columnNames offers one column, or a list of columns, of the table that is the argument
// at this place.
func columnNames(read *readFlags, place int, list bool) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, word string) (all []string, _ cobra.ShellCompDirective) {
		if len(args) <= place {
			return nil, nothing
		}
		paths, err := parts.Expand(args[place : place+1])
		if err != nil || !isPlain(paths[0]) {
			return nil, nothing
		}
		o, err := read.options()
		if err != nil {
			return nil, nothing
		}
		names, err := table.Names(paths[0], o)
		if err != nil {
			return nil, nothing
		}
		before, after := "", nothing
		if list {
			before, after = word[:strings.LastIndex(word, ",")+1], goOn
		}
		for _, name := range names {
			if strings.ContainsAny(name, ",\"") || !show.Printable(name) || slices.Contains(strings.Split(before, ","), name) {
				continue // a word cannot contain it, or it is there already
			}
			all = append(all, before+name)
		}
		return all, after
	}
}

// isPlain reports whether reading a file comes to an end.
func isPlain(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// arraysOf offers the arrays in the NPZ that is the argument at this place.
func arraysOf(place int) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) (all []string, _ cobra.ShellCompDirective) {
		if len(args) <= place || !isPlain(args[place]) {
			return nil, nothing
		}
		z, err := zip.OpenReader(args[place])
		if err != nil {
			return nil, nothing
		}
		defer z.Close()
		for _, f := range z.File {
			if name, isArray := strings.CutSuffix(f.Name, ".npy"); isArray && show.Printable(name) {
				all = append(all, name)
			}
		}
		return all, nothing
	}
}

// conditions offers a model's columns of context, to be given values, or a table.
func conditions(_ *cobra.Command, args []string, word string) (all []string, _ cobra.ShellCompDirective) {
	before := word[:strings.LastIndex(word, ",")+1]
	if len(args) > 0 {
		s, err := flow.ReadMixture(args[0])
		if err != nil {
			return nil, nothing
		}
		var record struct {
			Context []string               `json:"context"`
			Texts   []tabular.ContextTexts `json:"context_texts"`
		}
		if err := json.Unmarshal(s.Training, &record); err != nil {
			return nil, nothing
		}
		for j, name := range record.Context {
			end := "="
			for _, t := range record.Texts {
				if t.First <= j && j < t.First+len(t.Levels) { // it is column=text
					end = ""
				}
			}
			if column, _, _ := strings.Cut(name, "="); show.Printable(name) && !strings.Contains(","+before, ","+column+"=") {
				all = append(all, before+name+end)
			}
		}
	}
	return all, cobra.ShellCompDirectiveNoSpace // a table, if none of these is meant
}

// offerReading offers values for the flags that say how to read a table.
func offerReading(cmd *cobra.Command, place int) {
	offer(cmd, "missing", choices("error", "drop", "model"))
	offer(cmd, "header", choices("auto", "yes", "no"))
	offer(cmd, "delimiter", choices(",", ";", "|", ":", "space", "tab", "blanks"))
	offer(cmd, "decimal", choices(".", ","))
	offer(cmd, "array", arraysOf(place))
	offer(cmd, "engine", choices(tabular.Engines...))
}
