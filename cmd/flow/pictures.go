package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"normflow/flowlib/anomaly"
	"normflow/flowlib/fit"
	"normflow/flowlib/imagefit"
	"normflow/flowlib/table"
	"normflow/internal/show"
	"normflow/internal/whole"
)

// pictures replaces what a command does for tables where it is given pictures, or a model
// of them. is tells so from the arguments; flags are those that then have a meaning.
func pictures(cmd *cobra.Command, is func(args []string) bool, flags []string, do func(cmd *cobra.Command, args []string) error) *cobra.Command {
	tables := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if !is(args) {
			return tables(cmd, args)
		}
		var meaningless []string
		cmd.Flags().Visit(func(f *pflag.Flag) {
			if !slices.Contains(flags, f.Name) {
				meaningless = append(meaningless, "--"+f.Name)
			}
		})
		if len(meaningless) > 0 {
			return usageError{fmt.Errorf("%s: has no meaning for pictures, which know --%s", strings.Join(meaningless, ", "), strings.Join(flags, ", --"))}
		}
		return do(cmd, args)
	}
	return cmd
}

func ofPictures(args []string) bool { return len(args) == 1 && imagefit.IsPictures(args[0]) }
func byPictures(args []string) bool { return len(args) > 0 && imagefit.IsModel(args[0]) }

// valueOf returns the value of a flag of cmd, which has it.
func valueOf[T any](get func(name string) (T, error), name string) T {
	v, err := get(name)
	if err != nil {
		panic(err)
	}
	return v
}

func fitPictures(cmd *cobra.Command, args []string) error {
	f := cmd.Flags()
	out := valueOf(f.GetString, "out")
	if out == "" {
		return usageError{errors.New("--out (-o) must name the folder to save the model to")}
	}
	c := imagefit.FitConfig{
		Seed: valueOf(f.GetInt64, "seed"), Steps: valueOf(f.GetInt, "steps"), LearningRate: valueOf(f.GetFloat64, "learning-rate"),
		Valid: valueOf(f.GetFloat64, "valid"), Test: valueOf(f.GetFloat64, "test"), Engine: valueOf(f.GetString, "engine"),
	}
	bar := newProgress(os.Stderr)
	steps := 0
	r, err := imagefit.Fit(cmd.Context(), args[0], out, c, noteTo(cmd), func(p fit.Point, of fit.Config) { steps++; bar.step(p, of) })
	if steps > 0 {
		bar.end()
	}
	if err != nil {
		return err
	}
	if valueOf(f.GetBool, "json") {
		short := *r
		short.HeldOut = nil
		return printJSON(cmd.OutOrStdout(), struct {
			Model string `json:"model"`
			imagefit.Record
		}{out, short})
	}
	w := cmd.OutOrStdout()
	fmt.Fprintf(w, "validation  %.3f ± %.3f bits per dimension  (%d pictures)\n", r.Valid.PerDim, r.Valid.StdErr, r.Split.Valid)
	if r.Test != nil {
		fmt.Fprintf(w, "test        %.3f ± %.3f bits per dimension  (%d pictures)\n", r.Test.PerDim, r.Test.StdErr, r.Split.Test)
	}
	fmt.Fprintf(w, "Step %d was best, in %.1f s on %s. Saved as %s.\n", r.Result.BestStep, r.Result.Seconds, r.Engine, out)
	return nil
}

// scored is what score, anomaly and eval print as JSON for pictures.
type scored struct {
	Model    string  `json:"model"`
	Out      string  `json:"out,omitempty"`
	Pictures int     `json:"pictures"`
	PerDim   float64 `json:"bits_per_dim"` // an upper bound for the discrete pixels
	StdErr   float64 `json:"standard_error"`
	Draws    int     `json:"draws"`
	HeldOut  float64 `json:"bits_per_dim_held_out"` // of the pictures held out at the fit
	Engine   string  `json:"engine"`

	FalseAlarm float64  `json:"false_alarm,omitempty"`
	Flagged    *int     `json:"flagged,omitempty"`
	Names      []string `json:"flagged_pictures,omitempty"`
}

// judgePictures scores args[1] by the model args[0] and writes the lines to out, if any.
func judgePictures(cmd *cobra.Command, args []string, out string, falseAlarm float64) (*imagefit.Model, *imagefit.Scores, scored, error) {
	var none scored
	if len(args) != 2 {
		return nil, nil, none, usageError{fmt.Errorf("expected one folder of PNG files or one NPY array for a model of pictures, found %d", len(args)-1)}
	}
	if out != "" && !table.IsStdout(out) {
		if !strings.HasSuffix(strings.ToLower(out), ".csv") {
			return nil, nil, none, usageError{fmt.Errorf("--out (-o): expected a .csv, or -, for the scores of pictures, found %s", show.Quoted(out))}
		}
		if err := whole.Check(out); err != nil {
			return nil, nil, none, err
		}
	}
	m, err := imagefit.Open(args[0], valueOf(cmd.Flags().GetString, "engine"))
	if err != nil {
		return nil, nil, none, err
	}
	if falseAlarm > 0 {
		if err := anomaly.CheckRate(len(m.Record.HeldOut), falseAlarm); err != nil {
			return nil, nil, none, err
		}
	}
	s, _, err := m.Score(args[1])
	if err != nil {
		return nil, nil, none, err
	}
	held := 0.0
	for _, bits := range m.Record.HeldOut {
		held += bits / float64(len(m.Record.HeldOut))
	}
	j := scored{Model: args[0], Out: out, Pictures: len(s.Each), PerDim: s.PerDim, StdErr: s.StdErr, Draws: s.Draws, HeldOut: held, Engine: m.Engine}
	if falseAlarm > 0 {
		j.FalseAlarm = falseAlarm
		for i, p := range s.PValue {
			if p <= falseAlarm {
				j.Names = append(j.Names, s.Names[i])
			}
		}
		flagged := len(j.Names)
		j.Flagged = &flagged
	}
	switch {
	case table.IsStdout(out):
		err = s.CSV(cmd.OutOrStdout(), falseAlarm)
	case out != "":
		var file *whole.File
		if file, err = whole.Create(out); err == nil {
			defer file.Abort()
			if err = s.CSV(file, falseAlarm); err == nil {
				err = file.Commit()
			}
		}
	}
	return m, s, j, err
}

func scorePictures(cmd *cobra.Command, args []string) error {
	out, asJSON := valueOf(cmd.Flags().GetString, "out"), valueOf(cmd.Flags().GetBool, "json")
	if err := checkStreams(out, asJSON); err != nil {
		return err
	}
	_, _, j, err := judgePictures(cmd, args, out, 0)
	if err != nil {
		return err
	}
	if asJSON {
		return printJSON(cmd.OutOrStdout(), j)
	}
	noteTo(cmd)(j.text())
	return nil
}

func (j scored) text() string {
	return fmt.Sprintf("%d pictures on %s: %.3f ± %.3f bits per dimension (%.3f for those held out at the fit)", j.Pictures, j.Engine, j.PerDim, j.StdErr, j.HeldOut)
}

func anomalyPictures(cmd *cobra.Command, args []string) error {
	out, asJSON := valueOf(cmd.Flags().GetString, "out"), valueOf(cmd.Flags().GetBool, "json")
	if err := checkStreams(out, asJSON); err != nil {
		return err
	}
	_, _, j, err := judgePictures(cmd, args, out, valueOf(cmd.Flags().GetFloat64, "false-alarm"))
	if err != nil {
		return err
	}
	if asJSON {
		return printJSON(cmd.OutOrStdout(), j)
	}
	note := noteTo(cmd)
	note(j.text())
	text := fmt.Sprintf("%d of %d pictures flagged at a false-alarm rate of %g", *j.Flagged, j.Pictures, j.FalseAlarm)
	if *j.Flagged > 0 {
		text += ": " + show.Names(j.Names)
	}
	note(text)
	return nil
}

func evalPictures(cmd *cobra.Command, args []string) error {
	page := valueOf(cmd.Flags().GetString, "out")
	if page != "" {
		if err := whole.Check(page); err != nil {
			return err
		}
	}
	m, s, j, err := judgePictures(cmd, args, "", 0)
	if err != nil {
		return err
	}
	if page != "" {
		pictures, _, err := imagefit.Read(args[1])
		if err != nil {
			return err
		}
		text, err := m.Page(s, pictures, valueOf(cmd.Flags().GetInt64, "seed"))
		if err != nil {
			return err
		}
		if err := whole.WriteFile(page, text); err != nil {
			return err
		}
	}
	if valueOf(cmd.Flags().GetBool, "json") {
		return printJSON(cmd.OutOrStdout(), j)
	}
	fmt.Fprintln(cmd.OutOrStdout(), j.text())
	return nil
}

func samplePictures(cmd *cobra.Command, args []string) error {
	f := cmd.Flags()
	count, out := valueOf(f.GetInt, "n"), valueOf(f.GetString, "out")
	if count < 1 {
		return usageError{errors.New("-n must say how many pictures to draw, at least 1")}
	}
	if table.IsStdout(out) {
		return usageError{errors.New("--out (-o) must name a folder for the pictures, with / at its end, a .png for a contact sheet, or a .npy")}
	}
	if err := imagefit.CheckDraws(out); err != nil {
		return err
	}
	m, err := imagefit.Open(args[0], valueOf(f.GetString, "engine"))
	if err != nil {
		return err
	}
	s, err := m.Sample(count, valueOf(f.GetFloat64, "temperature"), valueOf(f.GetInt64, "seed"))
	if err != nil {
		return err
	}
	if err := imagefit.WriteDraws(out, s); err != nil {
		return err
	}
	if valueOf(f.GetBool, "json") {
		return printJSON(cmd.OutOrStdout(), struct {
			Model    string `json:"model"`
			Out      string `json:"out"`
			Pictures int    `json:"pictures"`
			Engine   string `json:"engine"`
		}{args[0], out, s.Len(), m.Engine})
	}
	noteTo(cmd)(fmt.Sprintf("%d pictures on %s, in %s", s.Len(), m.Engine, show.Path(out)))
	return nil
}
