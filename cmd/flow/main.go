// Command flow is the command line of flowlib.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"normflow/flowlib/backend"
	"normflow/flowlib/table"
	"normflow/internal/whole"
)

func main() {
	if path, err := os.Executable(); err == nil { // in a project that is set up
		backend.LookIn(filepath.Join(filepath.Dir(path), "..", ".tools", "xla"), func(why string) { fmt.Fprintln(terminal(os.Stderr, nil), "flow:", why) })
	}
	os.Exit(interruptible(func(ctx context.Context) int { return run(ctx, os.Args[1:]) }))
}

// run returns the exit status: 0, 1 if a command failed, 2 after wrong usage, and, as
// shells do, 128 plus the signal's number if a signal ended it: 129 (HUP), 130 (INT), 141
// (PIPE: nobody reads the output any more), 143 (TERM).
func run(ctx context.Context, args []string) int {
	root := newRoot()
	root.SetArgs(args)
	stderr := terminal(os.Stderr, args)
	out := root.OutOrStdout().(*output)
	out.w = terminal(os.Stdout, args)
	root.SetErr(stderr)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		err = out.failed()
	}
	if err == nil {
		if whole.IsLost(os.Stdout) && (out.isUsed || printsTable(cmd)) {
			fmt.Fprintln(stderr, "warning: standard output is closed, or /dev/null open for reading too: what was printed is lost")
		}
		return 0
	}
	if errors.Is(err, syscall.EPIPE) {
		return 128 + int(syscall.SIGPIPE) // without a message, like other programs
	}
	text := strings.TrimPrefix(inWords(cmd, err), "flow: ")            // package flow says so too
	text = strings.Replace(text, ": "+context.Canceled.Error(), "", 1) // whoever pressed Ctrl-C knows
	fmt.Fprintln(stderr, "flow:", short(text, args))
	if isUsage(err) {
		fmt.Fprintf(stderr, "Try '%s --help'.\n", cmd.CommandPath())
		return 2
	}
	if errors.Is(err, context.Canceled) {
		return stoppedStatus(ctx)
	}
	return 1
}

// printsTable reports whether a command that was run wrote a table to standard output.
func printsTable(cmd *cobra.Command) bool {
	out := cmd.Flag("out")
	return out != nil && table.IsStdout(out.Value.String())
}

func newRoot() *cobra.Command {
	cobra.EnableCommandSorting = false // commands are in the order in which a newcomer needs them
	root := &cobra.Command{
		Use:           "flow",
		Short:         "Normalizing flows: exact densities, learned from data",
		Version:       version(),
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetOut(&output{w: os.Stdout}) // before anything takes it, as completion does
	commands(root)
	root.CompletionOptions.SetDefaultShellCompDirective(nothing)
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(
		pictures(newFit(), ofPictures, []string{"out", "condition-on", "seed", "steps", "learning-rate", "valid", "test", "engine", "resume", "json"}, fitPictures),
		pictures(newScore(), byPictures, []string{"out", "engine", "json"}, scorePictures),
		pictures(newAnomaly(), byPictures, []string{"out", "false-alarm", "page", "engine", "json"}, anomalyPictures),
		pictures(newEval(), byPictures, []string{"out", "seed", "engine", "json"}, evalPictures),
		pictures(newSample(), byPictures, []string{"n", "out", "temperature", "condition", "seed", "engine", "json"}, samplePictures),
		newGather(), newSweep(), newShow(), newExport(), newImport(), newData(), newBench(), newBenchData())
	root.InitDefaultCompletionCmd()
	if completion, _, err := root.Find([]string{"completion"}); err == nil && completion != root {
		commands(completion)
		for _, shell := range completion.Commands() {
			shell.Args = arguments()
		}
	}
	return root
}

// version returns the module's version and, if Go knows it, the commit it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	text := info.Main.Version
	if text == "" {
		text = "(devel)"
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			text += " " + s.Value
		case "CGO_ENABLED":
			if s.Value == "0" {
				text += ", static"
			}
		}
	}
	return text + ", " + info.GoVersion
}
