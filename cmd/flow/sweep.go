package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"normflow/flowlib/fit"
	"normflow/flowlib/sweep"
	"normflow/flowlib/table"
	"normflow/flowlib/tabular"
	"normflow/internal/show"
)

func newSweep() *cobra.Command {
	c := tabular.DefaultFit()
	c.SplitSeed = new(int64)
	var g sweep.Grid
	var s sweep.Slurm
	var read readFlags
	var out, on, rates string
	var seeds []int
	var jobs int
	var kinds []string
	var dryRun, asJSON bool
	cmd := &cobra.Command{
		Use:   "sweep FILE -o FOLDER",
		Short: "Fit a table many times: seeds, layers, models, learning rates, folds",
		Long: `Fit a table once for each combination of the seeds, models, numbers of coupling layers,
learning rates and folds given, all judged on the same rows, and compare them.

Members run as processes on this machine, --jobs at a time, or with --on slurm as an
array of tasks, which go on from their checkpoints when they are stopped. In the end,
or by 'flow sweep gather FOLDER', FOLDER has results.csv, results.svg (the NLL by
setting: medians and single seeds) and ensemble, a model: the mean of the densities of
the best setting's members. Run again, a sweep fits what is missing.`,
		Example: `  flow sweep measurements.csv -o sweep --seeds 0,1,2 --models realnvp,nsf --layers 4,8
  flow sweep measurements.csv -o sweep --folds 5
  flow sweep measurements.csv -o sweep --seeds 0,1,2 --on slurm --dry-run
  flow sweep status sweep`,
	}
	cmd.Args = func(cmd *cobra.Command, args []string) error { return arguments("FILE")(cmd, args) }
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVarP(&out, "out", "o", "", "folder of the sweep")
	f.IntSliceVar(&seeds, "seeds", []int{0}, "of the weights and the batches, parted by commas")
	f.StringSliceVar(&g.Models, "models", nil, "as for fit --model (default chosen)")
	f.IntSliceVar(&g.Layers, "layers", nil, "numbers of coupling layers (default chosen)")
	f.StringVar(&rates, "learning-rates", "", "peak rates of Adam, parted by commas (default chosen)")
	f.IntVar(&g.Folds, "folds", 0, "cross-validate: each of so many equal shares of the rows is the test once")
	f.Int64Var(c.SplitSeed, "split-seed", 0, "of the split into training, validation and test, the same for all members")
	f.IntVar(&jobs, "jobs", 1, "members at a time on this machine, which share its processors")
	f.StringVar(&on, "on", "", "slurm: submit an array of tasks, and a job that gathers")
	f.BoolVar(&dryRun, "dry-run", false, "with --on slurm: write the scripts, and say how to submit them")
	f.IntVar(&s.Cores, "cores", 1, "with --on slurm: processors of a member")
	f.StringVar(&s.Partition, "partition", "", "with --on slurm (default the cluster's)")
	f.StringVar(&s.Time, "time", "", "with --on slurm: limit of a member, such as 2:00:00; when it is over, the member begins again at its checkpoint")
	f.StringVar(&s.Memory, "task-memory", "", "with --on slurm: memory of a member, such as 4G")
	f.StringSliceVar(&c.Columns, "columns", nil, "columns to fit, by name or number from 1 (default all)")
	f.StringSliceVar(&c.ConditionOn, "condition-on", nil, "columns to condition on, by name")
	f.StringSliceVar(&c.Exclude, "exclude", nil, "columns to leave out, by name")
	f.StringArrayVar(&kinds, "column", nil, "what a column is, as for fit; may be repeated")
	f.StringVar(&c.Weights, "weights", "", "column of weights of the rows, by name, as for fit")
	f.IntVar(&c.Steps, "steps", 0, "optimizer updates at most (default chosen)")
	f.Float64Var(&c.Valid, "valid", c.Valid, "share of the rows for validation")
	f.Float64Var(&c.Test, "test", c.Test, "share of the rows for the test")
	addEngine(f, &c.Engine)
	read.add(f)
	addJSON(f, &asJSON)
	cmd.ValidArgsFunction = inTurn(tables)
	offer(cmd, "out", folders)
	for _, flag := range []string{"columns", "condition-on", "exclude", "column"} {
		offer(cmd, flag, columnNames(&read, 0, true))
	}
	offer(cmd, "weights", columnNames(&read, 0, false))
	offer(cmd, "models", zoo)
	offer(cmd, "on", choices("slurm"))
	offerReading(cmd, 0)
	cmd.RunE = func(cmd *cobra.Command, args []string) (err error) {
		switch {
		case out == "":
			return usageError{errors.New("--out (-o) must name the folder of the sweep")}
		case on != "" && on != "slurm":
			return usageError{fmt.Errorf("--on: expected slurm, found %s", show.Quoted(on))}
		case dryRun && on == "":
			return usageError{errors.New("--dry-run needs --on slurm")}
		case jobs < 1 || s.Cores < 1:
			return usageError{errors.New("--jobs and --cores: expected at least 1")}
		}
		if c.Read, err = read.options(); err != nil {
			return err
		}
		if c.Kinds, err = kindsOf(kinds); err != nil {
			return err
		}
		if g.LearningRates, err = ratesOf(rates); err != nil {
			return err
		}
		for _, seed := range seeds {
			g.Seeds = append(g.Seeds, int64(seed))
		}
		plan, err := sweep.New(args[0], c, g)
		if err != nil {
			return err
		}
		if on == "slurm" && !dryRun {
			if err := sweep.HasSlurm(); err != nil {
				return fmt.Errorf("%w (--dry-run)", err)
			}
		}
		if err := plan.Enter(out); err != nil {
			return err
		}
		if s.Program, err = os.Executable(); err != nil {
			return err
		}
		note := noteTo(cmd)
		switch {
		case dryRun:
			commands, err := s.Write(out)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "JOB=$(%s)\n%s\n", commands[0], commands[1])
			return nil
		case on == "slurm":
			jobs, err := s.Submit(out)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), jobs)
			}
			note(fmt.Sprintf("%d members are job %s, gathered by job %s; see 'flow sweep status %s'", len(plan.Members), jobs.Array, jobs.Gather, shellWord(out)))
			return nil
		}
		fit := func(member int) *exec.Cmd {
			return exec.Command(s.Program, "sweep", "run", "--member", strconv.Itoa(member), "--with-input", "--", out)
		}
		note(fmt.Sprintf("%d members, %d at a time", len(plan.Members), min(jobs, len(plan.Members))))
		if err := sweep.Local(cmd.Context(), out, jobs, runtime.GOMAXPROCS(0), fit, note); err != nil {
			return err
		}
		return gatherSweep(cmd, out, false, asJSON)
	}
	cmd.AddCommand(newSweepRun(), newSweepStatus(), newSweepGather())
	return cmd
}

// ratesOf reads learning rates.
func ratesOf(text string) (rates []float64, err error) {
	if text == "" {
		return nil, nil
	}
	for _, one := range strings.Split(text, ",") {
		rate, err := strconv.ParseFloat(one, 64)
		if err != nil || !(rate > 0) {
			return nil, usageError{fmt.Errorf("--learning-rates: expected positive numbers, parted by commas, found %s", show.Quoted(text))}
		}
		rates = append(rates, rate)
	}
	return rates, nil
}

func newSweepRun() *cobra.Command {
	var member int
	var withInput bool
	cmd := &cobra.Command{
		Use:   "run FOLDER --member N",
		Short: "Fit one member of a sweep, as a task of a cluster does",
		Args:  arguments("FOLDER"),
	}
	cmd.Flags().IntVar(&member, "member", -1, "its number, from 0")
	cmd.Flags().BoolVar(&withInput, "with-input", false, "stop, as by SIGTERM, when standard input ends")
	cmd.Flags().MarkHidden("with-input") //nolint:errcheck // it is there
	cmd.ValidArgsFunction = inTurn(folders)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if member < 0 {
			return usageError{errors.New("--member must say which, from 0")}
		}
		if withInput {
			go stopWith(os.Stdin)
		}
		bar := newProgress(os.Stderr)
		steps := 0
		err := sweep.Run(cmd.Context(), args[0], member, tabular.Progress{
			Note: func(n table.Note) { noteTo(cmd)(n.Text(namer(cmd))) },
			Step: func(p fit.Point, of fit.Config) { steps++; bar.step(p, of) },
		})
		if steps > 0 {
			bar.end()
		}
		return err
	}
	return cmd
}

func newSweepStatus() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{Use: "status FOLDER", Short: "Say how far each member of a sweep is", Args: arguments("FOLDER")}
	addJSON(cmd.Flags(), &asJSON)
	cmd.ValidArgsFunction = inTurn(folders)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		states, err := sweep.Status(args[0])
		if err != nil {
			return err
		}
		if asJSON {
			return printJSON(cmd.OutOrStdout(), states)
		}
		showStates(cmd.OutOrStdout(), states)
		return nil
	}
	return cmd
}

func showStates(w io.Writer, states []sweep.State) {
	count := map[string]int{}
	for _, s := range states {
		count[s.State]++
		text := s.Why
		if s.State == "finished" {
			text = fmt.Sprintf("validation %.4f", s.Valid.Mean)
			if s.Test != nil {
				text += fmt.Sprintf(", test %.4f ± %.4f nats", s.Test.Mean, s.Test.SE)
			}
		}
		fold := ""
		if s.Folds > 0 {
			fold = fmt.Sprintf(", fold %d", s.Fold)
		}
		fmt.Fprintf(w, "%s  %-30s %-9s %s\n", s.Name, fmt.Sprintf("%s, seed %d%s", s.Setting(), s.Seed, fold), s.State, text)
	}
	var words []string
	for _, state := range []string{"finished", "begun", "failed", "waiting"} {
		if count[state] > 0 {
			words = append(words, fmt.Sprintf("%d %s", count[state], state))
		}
	}
	fmt.Fprintln(w, strings.Join(words, ", "))
}

func newSweepGather() *cobra.Command {
	var partial, asJSON bool
	cmd := &cobra.Command{
		Use:   "gather FOLDER",
		Short: "Put the members of a sweep beside each other, and make their ensemble",
		Args:  arguments("FOLDER"),
	}
	cmd.Flags().BoolVar(&partial, "partial", false, "take the members that are there")
	addJSON(cmd.Flags(), &asJSON)
	cmd.ValidArgsFunction = inTurn(folders)
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return gatherSweep(cmd, args[0], partial, asJSON) }
	return cmd
}

func gatherSweep(cmd *cobra.Command, dir string, partial, asJSON bool) error {
	r, err := sweep.Gather(dir, partial, func(n table.Note) { noteTo(cmd)(n.Text(namer(cmd))) })
	if err != nil {
		return err
	}
	if asJSON {
		return printJSON(cmd.OutOrStdout(), r)
	}
	w := cmd.OutOrStdout()
	of := "test"
	if r.Members[0].Test == nil {
		of = "validation"
	}
	fmt.Fprintf(w, "%-32s median NLL of the %s rows, least and largest\n", "setting", of)
	for _, s := range r.Settings {
		fmt.Fprintf(w, "%-32s %10.4f  %10.4f to %.4f  (%d)\n", s.Name, s.Median, slices.Min(s.NLLs), slices.Max(s.NLLs), len(s.NLLs))
	}
	fmt.Fprintf(w, "the best member is %s\n", show.Path(r.Best))
	switch {
	case r.EnsembleNLL != nil:
		fmt.Fprintf(w, "the ensemble: test %s, saved as %s\n", *r.EnsembleNLL, show.Path(filepath.Join(dir, sweep.EnsembleFolder)))
	case r.Ensemble != nil:
		fmt.Fprintf(w, "the ensemble is saved as %s\n", show.Path(filepath.Join(dir, sweep.EnsembleFolder)))
	default:
		fmt.Fprintf(w, "no ensemble: %s\n", r.Why)
	}
	return nil
}
