package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"normflow/flowlib/table"
)

// library calls do with the text of each file of the library that is no test.
func library(t *testing.T, do func(path, text string)) {
	t.Helper()
	seen := 0
	err := filepath.WalkDir("../../flowlib", func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		do(path, string(text))
		seen++
		return err
	})
	if err != nil || seen < 100 {
		t.Fatal(seen, err)
	}
}

// Flags are the command's: who has the library in a program of their own reads of none.
func TestLibraryNamesNoFlag(t *testing.T) {
	flag := regexp.MustCompile("(^|[ \"'`(])--[a-z][a-z-]*")
	library(t, func(path, text string) {
		if strings.HasSuffix(path, "slurm.go") {
			return // it writes scripts, whose lines are commands
		}
		for line := range strings.Lines(text) {
			if found := flag.FindString(line); found != "" {
				t.Errorf("%s names the flag %s: %s", path, found, line)
			}
		}
	})
}

// Each option that the library speaks of is a flag.
func TestOptionsAreFlags(t *testing.T) {
	option := regexp.MustCompile(`\bOption\w+\s+(?:table\.)?Option\s+= "(\w+)"`)
	found := 0
	library(t, func(path, text string) {
		for _, m := range option.FindAllStringSubmatch(text, -1) {
			found++
			has := false
			for _, cmd := range newRoot().Commands() {
				has = has || cmd.Flags().Lookup(flagOf(table.Option(m[1]))) != nil
			}
			if !has {
				t.Errorf("%s: no command has --%s", path, flagOf(table.Option(m[1])))
			}
		}
	})
	if found < 20 {
		t.Errorf("only %d options were found", found)
	}
}

func TestNamer(t *testing.T) {
	root := newRoot()
	command := func(name string) *cobra.Command {
		cmd, _, err := root.Find([]string{name})
		if err != nil {
			t.Fatal(err)
		}
		return cmd
	}
	for _, tt := range []struct {
		cmd    string
		option table.Option
		values []string
		want   string
	}{
		{"fit", table.OptionExclude, []string{"a", "b"}, "--exclude a,b"},
		{"fit", table.OptionExclude, []string{"a, b", "it's"}, `--exclude '"a, b",it'\''s'`},
		{"fit", table.OptionExclude, []string{strings.Repeat("long", 200)}, "--exclude"},
		{"score", table.OptionExclude, []string{"c"}, "flow fit --exclude c"},
		{"score", table.OptionDecimal, []string{","}, "--decimal ,"},
		{"fit", table.OptionNA, []string{"*"}, "--na '*' --missing drop"},
		{"fit", "ConditionOn", nil, "--condition-on"},
		{"sample", "Count", nil, "--n"},
	} {
		if got := namer(command(tt.cmd))(tt.option, tt.values...); got != tt.want {
			t.Errorf("%s, %s: got %s, want %s", tt.cmd, tt.option, got, tt.want)
		}
	}
}
