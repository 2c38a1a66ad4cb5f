package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"normflow/flowlib/columns"
	"normflow/flowlib/fit"
	"normflow/flowlib/parts"
	"normflow/flowlib/table"
	"normflow/flowlib/tabular"
	"normflow/internal/show"
)

func newFit() *cobra.Command {
	c := tabular.DefaultFit()
	var read readFlags
	var out string
	var asJSON bool
	var kinds []string
	var splitSeed int64
	var fold string
	cmd := &cobra.Command{
		Use:   "fit FILE... -o MODEL",
		Short: "Fit a flow to the columns of a table and save it as a folder",
		Long: `Fit a flow to the columns of a table and save it as a folder.

FILE is a CSV (also .gz), NPY, NPZ or Parquet table, or - for a CSV on standard
input. Several files, which may be patterns such as 'day-*.parquet', are one table: the
names of their columns must be the same, in any order, and their rows follow each other.
Columns of a few texts are categories; other columns of text are left out.
Rows are split into training, validation and test; training stops when the NLL of
the validation rows no longer falls. Options that are not set are chosen by looking
at the table; the command says what it chooses and why, with a line for each column.
Columns with the same value in all training rows are left out. Lines that begin with
"warning:" are stored in the model too: rows that lie far outside, columns that are
functions of others, rows that repeat.

NLLs are means of -log p in nats per row, in the units of the file; 0.1 nats
less means a density 10 % higher at the rows. Bits per dimension are the NLL
divided by the number of columns and by ln 2.

FILE may also be pictures, a folder of PNG files of one size or an NPY array of bytes,
(pictures, height, width, channels): score, sample, anomaly and eval then take
pictures too, judged in bits per dimension. A folder of such folders is classes, each of
a folder's name; for an array --condition-on gives a table of one column, the class of
each picture. The flow is given the class.

Ctrl-C leaves a checkpoint beside MODEL and says how to continue from it.`,
		Example: `  flow fit measurements.csv -o model
  flow fit measurements.csv -o model --columns height,width --condition-on age
  flow fit measurements.csv -o model --model realnvp --steps 20000 --resume
  flow fit 'days/*.parquet' -o model --model nsf --stream`,
		Args:       argumentsAndMore("FILE"),
		SuggestFor: []string{"train", "learn"},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVarP(&out, "out", "o", "", "folder to save the model to; an older model there is replaced")
	f.StringSliceVar(&c.Columns, "columns", nil, "columns to fit, by name or number from 1 (default all)")
	f.StringSliceVar(&c.ConditionOn, "condition-on", nil, "columns to condition on, by name: the density is p(columns | these); of pictures a table of their classes")
	f.StringSliceVar(&c.Exclude, "exclude", nil, "columns to leave out, by name, if --columns is not given")
	f.StringVar(&c.Weights, "weights", "", "column of the rows' weights, by name; it is not part of the density")
	f.StringArrayVar(&kinds, "column", nil, "the kind of a column, as in wind:periodic(0,360): continuous, positive, bounded, tails, periodic or category (default chosen); may be repeated")
	f.StringVar(&c.Model, "model", "", "realnvp, nice, glow or nsf, optionally with +actnorm, +lu, +mixture or +plain, or gaussian (default chosen)")
	f.IntVar(&c.Layers, "layers", 0, "coupling layers (default chosen)")
	f.Float64Var(&c.LearningRate, "learning-rate", 0, "peak rate of Adam (default chosen)")
	f.IntVar(&c.Steps, "steps", 0, "optimizer updates at most (default chosen)")
	f.Int64Var(&c.Seed, "seed", 0, "of the split, the weights, the batches and the noise")
	f.Int64Var(&splitSeed, "split-seed", 0, "of the split and the noise alone, so that fits of other seeds are judged on the same rows (default that of --seed)")
	f.StringVar(&fold, "fold", "", "k/n: the test rows are the k-th, from 0, of n equal shares, in place of --test")
	f.Float64Var(&c.Valid, "valid", c.Valid, "share of the rows for validation")
	f.Float64Var(&c.Test, "test", c.Test, "share of the rows for the test; 0 for none")
	addEngine(f, &c.Engine)
	f.IntVar(&c.Devices, "devices", 1, "devices that share each batch, with --engine xla:cuda, or xla:cpu to try it")
	f.BoolVar(&c.Stream, "stream", false, "for tables larger than the memory: hold a sample, and train the --model on all rows by reading the files over and over")
	f.BoolVar(&c.Resume, "resume", false, "continue from the checkpoint of an interrupted fit with the same options")
	read.add(f)
	addJSON(f, &asJSON)
	cmd.ValidArgsFunction = tables
	offer(cmd, "out", folders)
	for _, flag := range []string{"columns", "condition-on", "exclude", "column"} {
		offer(cmd, flag, columnNames(&read, 0, true))
	}
	offer(cmd, "weights", columnNames(&read, 0, false))
	offer(cmd, "model", zoo)
	offerReading(cmd, 0)
	cmd.RunE = func(cmd *cobra.Command, args []string) (err error) {
		if out == "" {
			return usageError{errors.New("--out (-o) must name the folder to save the model to")}
		}
		if c.Read, err = read.options(); err != nil {
			return err
		}
		if c.Kinds, err = kindsOf(kinds); err != nil {
			return err
		}
		if c.Devices < 1 {
			return usageError{fmt.Errorf("--devices: expected at least 1, found %d", c.Devices)}
		}
		if f.Changed("split-seed") {
			c.SplitSeed = &splitSeed
		}
		if fold != "" {
			shard, err := parts.ParseShard(fold)
			if err != nil || shard.Of < 2 {
				return usageError{fmt.Errorf("--fold: expected k/n, with n at least 2 and k from 0 to n-1, found %s", show.Quoted(fold))}
			}
			c.Fold, c.Folds = shard.Index, shard.Of
		}
		files, err := parts.Expand(args)
		if err != nil {
			return err
		}
		c.Options = map[string]string{}
		f.Visit(func(flag *pflag.Flag) {
			if flag.Name != "out" && flag.Name != "json" && flag.Name != "resume" {
				c.Options[flag.Name] = flagText(flag)
			}
		})
		var record *tabular.Record
		err = resumable(again(args, out, f), out, func(step fit.Progress) (err error) {
			record, err = tabular.FitFiles(cmd.Context(), files, out, c, tabular.Progress{
				Note: func(n table.Note) { noteTo(cmd)(n.Text(namer(cmd))) },
				Step: step,
			})
			return err
		})
		if err != nil {
			return err
		}
		if asJSON {
			short := *record
			short.Calibration.Scores, short.Warnings = nil, told(cmd, record.Warnings)
			return printJSON(cmd.OutOrStdout(), struct {
				Model string `json:"model"`
				tabular.Record
			}{out, short})
		}
		showFit(cmd.OutOrStdout(), out, record)
		return nil
	}
	return cmd
}

// resumable fits a model to be saved as out, which hands its points to step, and says how to
// go on if it is interrupted: by the command line again.
func resumable(again, out string, fits func(step fit.Progress) error) error {
	bar := newProgress(os.Stderr)
	steps := 0
	words := checkpointWords(tabular.CheckpointOf(out), again)
	lastWords.Store(&words)
	defer lastWords.Store(nil)
	patience := newPatience()
	err := fits(func(p fit.Point, of fit.Config) { steps++; patience.step(); bar.step(p, of) })
	if steps > 0 {
		bar.end()
	}
	var stopped *tabular.InterruptedError
	switch {
	case !errors.As(err, &stopped):
		return err
	case stopped.Checkpoint == "":
		return fmt.Errorf("%w; nothing was saved yet", err)
	}
	return fmt.Errorf("%w\nThe checkpoint is %s. Go on with:\n  %s", err, stopped.Checkpoint, again)
}

// kindsOf parses declarations of columns, as NAME:KIND.
func kindsOf(declared []string) (map[string]columns.Kind, error) {
	all := map[string]columns.Kind{}
	for _, text := range declared {
		at := strings.LastIndex(text, ":")
		if at < 1 {
			return nil, usageError{fmt.Errorf("--column: found %s, expected NAME:KIND, as in wind:periodic(0,360)", show.Quoted(text))}
		}
		kind, err := columns.ParseKind(text[at+1:])
		if err != nil {
			return nil, usageError{fmt.Errorf("--column: %w", err)}
		}
		if _, twice := all[text[:at]]; twice {
			return nil, usageError{fmt.Errorf("--column: %s is declared twice", show.Quoted(text[:at]))}
		}
		all[text[:at]] = kind
	}
	return all, nil
}

func showFit(w io.Writer, out string, r *tabular.Record) {
	why := map[string]string{
		fit.BySteps:    "all steps were made",
		fit.ByPatience: "the validation NLL no longer fell",
	}[r.Result.Stopped]
	fitted := r.Split.Train
	if r.Folds > 0 {
		fitted += r.Split.Valid
	}
	fmt.Fprintf(w, "training    %s  (%d rows)\n", r.Train, fitted)
	if r.Folds > 0 {
		fmt.Fprintf(w, "left out    %s  (%d rows, by %d-fold cross-validation)\n", r.Valid, r.Split.Train+r.Split.Valid, r.Folds)
	} else {
		fmt.Fprintf(w, "validation  %s  (%d rows)\n", r.Valid, r.Split.Valid)
	}
	if r.Test != nil {
		fmt.Fprintf(w, "test        %s  (%d rows)\n", *r.Test, r.Split.Test)
	}
	how := fmt.Sprintf("Step %d was best; %s, in %.1f s on %s.", r.Result.BestStep, why, r.Result.Seconds, r.On())
	switch {
	case len(r.Compared) > 0:
		how = r.Made()
	case r.Result.Stopped == "":
		how = "A Gaussian is its mean and covariance: there was nothing to train."
	}
	fmt.Fprintf(w, "%s Saved as %s.\n", how, out)
}

// again returns the command line that continues a fit.
func again(files []string, out string, f *pflag.FlagSet) string {
	words := []string{"flow", "fit"}
	for _, file := range files {
		words = append(words, shellWord(file))
	}
	words = append(words, "-o", shellWord(out))
	f.Visit(func(flag *pflag.Flag) {
		switch array, ok := flag.Value.(pflag.SliceValue); {
		case flag.Name == "out" || flag.Name == "resume":
		case ok && flag.Value.Type() == "stringArray": // one flag per value
			for _, text := range array.GetSlice() {
				words = append(words, "--"+flag.Name+"="+shellWord(text))
			}
		default:
			words = append(words, "--"+flag.Name+"="+shellWord(flagText(flag)))
		}
	})
	return strings.Join(append(words, "--resume"), " ")
}

// flagText returns a flag's value as written on a command line.
func flagText(flag *pflag.Flag) string {
	list, isList := flag.Value.(pflag.SliceValue)
	if isList && flag.Value.Type() == "stringArray" {
		return strings.Join(list.GetSlice(), " ")
	}
	if isList {
		return strings.TrimSuffix(strings.TrimPrefix(flag.Value.String(), "["), "]") // a name may contain brackets
	}
	return flag.Value.String()
}

// shellWord quotes a word if a shell would interpret it.
func shellWord(word string) string {
	if word != "" && strings.Trim(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+./,:=@%") == "" {
		return word
	}
	if show.Printable(word) {
		return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	var b strings.Builder
	for _, c := range []byte(word) {
		switch {
		case c == '%':
			b.WriteString("%%")
		case c < ' ' || c > '~' || strings.IndexByte(`'\"$`+"`!", c) >= 0:
			fmt.Fprintf(&b, `\%03o`, c)
		default:
			b.WriteByte(c)
		}
	}
	if strings.HasSuffix(word, "\n") { // a shell's $(…) removes it
		return "$'" + strings.ReplaceAll(b.String(), "%%", "%") + "'"
	}
	return `"$(printf '` + b.String() + `')"` // works in any shell; not all have $'…'
}
