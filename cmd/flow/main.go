// Command flow is the library at a command line.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"normflow/flowlib/backend"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	if path, err := os.Executable(); err == nil { // of a project that was set up
		backend.LookIn(filepath.Join(filepath.Dir(path), "..", ".tools", "xla"))
	}
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	code := run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

// run returns the exit status: 0, 1 if a command failed, 2 if it was called wrongly,
// and 130, as shells have it, if it was interrupted.
func run(ctx context.Context, args []string) int {
	root := newRoot()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	fmt.Fprintln(os.Stderr, "flow:", err)
	var wrong usageError
	if errors.As(err, &wrong) || strings.HasPrefix(err.Error(), "--") { // so begins what the library says of a flag
		fmt.Fprintln(os.Stderr, "Try 'flow --help', or 'flow COMMAND --help'.")
		return 2
	}
	if errors.Is(err, context.Canceled) {
		return 130
	}
	return 1
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "flow",
		Short:         "Normalizing flows: exact densities, learned from data",
		Version:       version(),
		Args:          usageArgs(cobra.NoArgs),
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	// Without Run cobra would print its help, with status 0, whatever stands there.
	root.RunE = func(cmd *cobra.Command, _ []string) error {
		return cmd.Help()
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(newFit(), newScore(), newSample(), newAnomaly(), newEval(), newData(), newShow(), newExport(), newImport(), newBench(), newBenchData())
	return root
}

// usageError is a mistake in the call itself.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usageError{err}
		}
		return nil
	}
}

// version is the module's, and the commit it was built from where Go knows it.
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
