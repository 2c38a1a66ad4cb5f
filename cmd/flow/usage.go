package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"normflow/internal/nearest"
	"normflow/internal/show"
)

// usageError is a mistake in the call.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// arguments accepts exactly the named arguments.
func arguments(names ...string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) == len(names) {
			return nil
		}
		expected, got := "no argument", "none"
		if len(names) > 0 {
			expected = strings.Join(names, " and ")
		}
		if len(args) > 0 {
			words := make([]string, len(args))
			for i, arg := range args {
				words[i] = show.Quoted(arg)
			}
			got = strings.Join(words, " ")
		}
		return usageError{fmt.Errorf("expected %s, found %s", expected, got)}
	}
}

// argumentsAndMore is arguments whose last may be followed by others of its kind.
func argumentsAndMore(names ...string) cobra.PositionalArgs {
	exact := arguments(names...)
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > len(names) {
			return nil
		}
		return exact(cmd, args)
	}
}

// commands makes cmd a group of commands that does nothing by itself: without Run cobra
// would print its help, with status 0, whatever the arguments.
func commands(cmd *cobra.Command) {
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		err := errors.New("there is no command " + show.Quoted(args[0]))
		if cmd.HasParent() {
			err = fmt.Errorf("%s: %w", cmd.Name(), err)
		}
		if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
			err = fmt.Errorf("%w: did you mean %s?", err, strings.Join(near, " or "))
		}
		return usageError{err}
	}
	cmd.SuggestionsMinimumDistance = 2
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
}

// flagError says what a flag expects, in words for non-programmers.
func flagError(cmd *cobra.Command, err error) error {
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		flag := invalid.GetFlag()
		expected := map[string]string{
			"int": "a whole number", "int64": "a whole number",
			"intSlice": "whole numbers, parted by commas",
			"float64":  "a number such as 0.05", "bool": "true or false",
			"stringSlice": "names, parted by commas", "string": "a text",
		}[flag.Value.Type()]
		err = fmt.Errorf("--%s: expected %s, found %s", flag.Name, expected, show.Quoted(invalid.GetValue()))
	}
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() == "" {
		var known []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
		if names := nearest.Names(unknown.GetSpecifiedName(), known); names != nil {
			err = fmt.Errorf("%w: did you mean --%s?", err, strings.Join(names, " or --"))
		}
	}
	return usageError{err}
}
