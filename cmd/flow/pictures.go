package main

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"normflow/flowlib/fit"
	"normflow/flowlib/imagefit"
	"normflow/flowlib/imageset"
	"normflow/flowlib/table"
	"normflow/flowlib/tabular"
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
	classes := valueOf(f.GetStringSlice, "condition-on")
	if f.Changed("condition-on") && (len(classes) != 1 || classes[0] == "") {
		return usageError{fmt.Errorf("--condition-on: expected a table of the class of each picture, found %s", show.Quoted(strings.Join(classes, ",")))}
	}
	c := imagefit.FitConfig{
		Classes: strings.Join(classes, ""), Resume: valueOf(f.GetBool, "resume"),
		Seed: valueOf(f.GetInt64, "seed"), Steps: valueOf(f.GetInt, "steps"), LearningRate: valueOf(f.GetFloat64, "learning-rate"),
		Valid: valueOf(f.GetFloat64, "valid"), Test: valueOf(f.GetFloat64, "test"), Engine: valueOf(f.GetString, "engine"),
	}
	if err := c.Check(); err != nil {
		return usageError{err}
	}
	var r *imagefit.Record
	err := resumable(again(args, out, f), out, func(step fit.Progress) (err error) {
		r, err = imagefit.Fit(cmd.Context(), args[0], out, c, noteTo(cmd), step)
		return err
	})
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
	if r.Given != nil {
		fmt.Fprintf(w, "given class %.3f ± %.3f bits per dimension\n", r.Given.PerDim, r.Given.StdErr)
	}
	fmt.Fprintf(w, "Step %d was best, in %.1f s on %s. Saved as %s.\n", r.Result.BestStep, r.Result.Seconds, r.Engine, out)
	return nil
}

// scored is what score, anomaly and eval print as JSON for pictures.
type scored struct {
	Model    string  `json:"model"`
	Out      string  `json:"out,omitempty"`
	Page     string  `json:"page,omitempty"` // of anomalies
	Pictures int     `json:"pictures"`
	PerDim   float64 `json:"bits_per_dim"`             // an upper bound for the discrete pixels
	StdErr   float64 `json:"standard_error,omitempty"` // absent for one picture
	Draws    int     `json:"draws"`
	HeldOut  float64 `json:"bits_per_dim_held_out"` // of the pictures held out at the fit
	Engine   string  `json:"engine"`
	Same     bool    `json:"same_pictures"` // as the model was fitted to

	// Of pictures whose classes are known, by a model that is given the class.
	Given      *float64 `json:"bits_per_dim_given_class,omitempty"`
	Recognized *float64 `json:"recognized,omitempty"` // share of them whose most probable class is theirs

	*imagefit.Flagged
}

// judged is a model with the pictures that it scored.
type judged struct {
	model    *imagefit.Model
	pictures *imageset.Set
	scores   *imagefit.Scores
	scored
}

// judgePictures scores args[1] by the model args[0].
func judgePictures(cmd *cobra.Command, args []string) (*judged, error) {
	if len(args) != 2 {
		return nil, usageError{fmt.Errorf("expected one folder of PNG files or one NPY array for a model of pictures, found %d", len(args)-1)}
	}
	m, err := imagefit.Open(args[0], valueOf(cmd.Flags().GetString, "engine"))
	if err != nil {
		return nil, err
	}
	s, pictures, err := m.Score(args[1])
	if err != nil {
		return nil, err
	}
	if s.Unknown != "" {
		noteTo(cmd)("the pictures are judged without their classes: " + s.Unknown)
	}
	if s.Same {
		noteTo(cmd)("these are the pictures that the model was fitted to: it has seen most of them, and new ones cost more")
	}
	j := &judged{m, pictures, s, scored{
		Model: args[0], Pictures: len(s.Each), PerDim: s.PerDim, StdErr: s.StdErr, Draws: s.Draws, HeldOut: s.HeldOut, Engine: m.Engine, Same: s.Same,
	}}
	if s.Given != nil {
		j.Given, j.Recognized = &s.Given.PerDim, &s.Recognized
	}
	return j, nil
}

// judgeAsTable is judgePictures, and writes a line for each picture to out, if there is one.
// The rate of false alarms is 0 if nothing is flagged.
func judgeAsTable(cmd *cobra.Command, args []string, falseAlarm float64) (*judged, error) {
	out := valueOf(cmd.Flags().GetString, "out")
	if err := checkStreams(out, valueOf(cmd.Flags().GetBool, "json")); err != nil {
		return nil, err
	}
	if out != "" && !table.IsStdout(out) && !strings.EqualFold(filepath.Ext(out), ".csv") {
		return nil, usageError{fmt.Errorf("--out (-o): expected a .csv, or -, for the scores of pictures, found %s", show.Quoted(out))}
	}
	if out != "" && !table.IsStdout(out) {
		if err := whole.Apart(out, args...); err != nil {
			return nil, err
		}
		if err := whole.Check(out); err != nil {
			return nil, err
		}
	}
	j, err := judgePictures(cmd, args)
	if err != nil {
		return nil, err
	}
	j.Out = out
	if falseAlarm > 0 {
		if j.Flagged, err = j.scores.Flag(falseAlarm); err != nil {
			return nil, err
		}
	}
	switch {
	case table.IsStdout(out):
		err = j.scores.CSV(cmd.OutOrStdout(), falseAlarm)
	case out != "":
		var text bytes.Buffer
		if err = j.scores.CSV(&text, falseAlarm); err == nil {
			err = whole.WriteFile(out, text.Bytes())
		}
	}
	return j, err
}

func (j scored) text() string {
	cost := fmt.Sprintf("%d pictures on %s: %.3f ± %.3f", j.Pictures, j.Engine, j.PerDim, j.StdErr)
	if j.Pictures == 1 {
		cost = fmt.Sprintf("1 picture on %s: %.3f", j.Engine, j.PerDim)
	}
	given := ""
	if j.Given != nil {
		given = fmt.Sprintf("; given the class %.3f, and %.1f %% are recognized", *j.Given, 100**j.Recognized)
	}
	return fmt.Sprintf("%s bits per dimension (%.3f for those held out at the fit)%s", cost, j.HeldOut, given)
}

func scorePictures(cmd *cobra.Command, args []string) error {
	j, err := judgeAsTable(cmd, args, 0)
	if err != nil {
		return err
	}
	if valueOf(cmd.Flags().GetBool, "json") {
		return printJSON(cmd.OutOrStdout(), j.scored)
	}
	noteTo(cmd)(j.text())
	return nil
}

func anomalyPictures(cmd *cobra.Command, args []string) error {
	rate := valueOf(cmd.Flags().GetFloat64, "false-alarm")
	if err := imagefit.CheckFalseAlarm(rate); err != nil {
		return usageError{fmt.Errorf("--false-alarm: %w", err)}
	}
	page := valueOf(cmd.Flags().GetString, "page")
	if page != "" {
		if filepath.Clean(page) == filepath.Clean(valueOf(cmd.Flags().GetString, "out")) {
			return usageError{fmt.Errorf("--page and --out (-o) name the same file, %s", show.Path(page))}
		}
		if err := tabular.CheckPage(page, args...); err != nil {
			return err
		}
	}
	j, err := judgeAsTable(cmd, args, rate)
	if err != nil {
		return err
	}
	if j.Page = page; page != "" {
		text, err := j.model.HeatPage(j.scores, j.pictures)
		if err := writePage(page, text, err); err != nil {
			return err
		}
	}
	if valueOf(cmd.Flags().GetBool, "json") {
		return printJSON(cmd.OutOrStdout(), j.scored)
	}
	w := cmd.OutOrStdout()
	if table.IsStdout(j.Out) {
		w = cmd.ErrOrStderr()
	}
	fmt.Fprintln(w, j.text())
	if f := j.Flagged; f.Promised {
		fmt.Fprintf(w, "%d of %d pictures flagged at a false-alarm rate of %g by %d normal pictures\n", f.Flagged, j.Pictures, f.FalseAlarm, f.Calibrated)
	} else {
		fmt.Fprintf(w, "no picture of %d can be flagged at a false-alarm rate of %g: %d normal pictures promise %.4g at least\n", j.Pictures, f.FalseAlarm, f.Calibrated, f.Least)
	}
	if len(j.Strangest) > 0 {
		fmt.Fprintln(w, "\nThe strangest:")
	}
	for _, s := range j.Strangest {
		fmt.Fprintf(w, "  %s  %.3f bits per dimension  p %.2g\n", show.Name(s.Picture), s.PerDim, s.PValue)
	}
	return nil
}

// writePage writes a page unless making it has failed.
func writePage(path string, text []byte, err error) error {
	if err != nil {
		return err
	}
	return whole.WriteFile(path, text)
}

func evalPictures(cmd *cobra.Command, args []string) error {
	page := valueOf(cmd.Flags().GetString, "out")
	if page != "" {
		if err := tabular.CheckPage(page, args...); err != nil {
			return err
		}
	}
	j, err := judgePictures(cmd, args)
	if err != nil {
		return err
	}
	j.Out = page
	if page != "" {
		text, err := j.model.Page(args[1], j.scores, j.pictures, valueOf(cmd.Flags().GetInt64, "seed"))
		if err := writePage(page, text, err); err != nil {
			return err
		}
	}
	if valueOf(cmd.Flags().GetBool, "json") {
		return printJSON(cmd.OutOrStdout(), j.scored)
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
	if err := whole.Apart(out, args...); err != nil {
		return err
	}
	if err := imagefit.CheckDraws(out); err != nil {
		return err
	}
	class, isClass := strings.CutPrefix(valueOf(f.GetString, "condition"), "class=")
	if class != "" && !isClass || class == "" && isClass {
		return usageError{fmt.Errorf("--condition: expected a class of the pictures, as in class=3, found %s", show.Quoted(valueOf(f.GetString, "condition")))}
	}
	m, err := imagefit.Open(args[0], valueOf(f.GetString, "engine"))
	if err != nil {
		return err
	}
	s, err := m.Sample(count, class, valueOf(f.GetFloat64, "temperature"), valueOf(f.GetInt64, "seed"))
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

			Classes []imagefit.Count `json:"classes,omitempty"` // in the order of the pictures
		}{args[0], out, s.Len(), m.Engine, imagefit.CountClasses(s)})
	}
	for _, c := range imagefit.CountClasses(s) {
		noteTo(cmd)(fmt.Sprintf("%d of class %s", c.Pictures, show.Name(c.Class)))
	}
	noteTo(cmd)(fmt.Sprintf("%d pictures on %s, in %s", s.Len(), m.Engine, show.Path(out)))
	return nil
}
