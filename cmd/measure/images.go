package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"normflow/flowlib/imageflow"
	"normflow/flowlib/imageset"
	"normflow/flowlib/imageset/digits"
	"normflow/internal/bench"
	"normflow/internal/origin"
)

func init() { measurements = append(measurements, newImages) }

const (
	imagesTest  = 360 // digits held out
	imagesValid = 100 // of the others
	imagesDraws = 8   // of the noise for each digit of the test
)

func newImages() *measurement {
	m := &measurement{Command: cobra.Command{
		Use: "images", Short: "bits per dimension of 8×8 digits, by a flow and by simpler models",
		Long: fmt.Sprintf("Fits multi-scale flows, simpler models and, with a Python that has them, flows of normflows and nflows to handwritten digits, and\n"+
			"prints the bits per dimension of the discrete pixels of %d digits held out, another split for each seed. The first seed also gets\n"+
			"a flow that sees shifted digits, textures whose entropy is known, the flow of nflows, and the speeds.", imagesTest),
	}}
	var run imagesRun
	f := m.Flags()
	run.flags(f)
	page := f.String("page", "", "page whose tables to write from --out; nothing is measured")
	m.check = func([]string) error { return run.check() }
	m.measure = func(ctx context.Context, from origin.Origin, write func(any) error) error {
		if *page != "" {
			return writeImagesPage(*page, f.Lookup("out").Value.String())
		}
		return run.measure(ctx, from, write)
	}
	return m
}

// imagesRun says what to measure.
type imagesRun struct {
	seeds  []int64
	parts  []string
	steps  int
	python string
	reps   int     // of each speed
	secs   float64 // of each speed of another library

	folder  string  // of MNIST
	minutes float64 // of processor time for each flow of MNIST
	sheet   string  // PNG of draws of a flow of MNIST

	rows  []any
	from  origin.Origin
	write func(any) error
}

// imagesParts are what --parts may name.
var imagesParts = []string{"simple", "flow", "classes", "shifted", "texture", "variational", "pyramid", "peers", "speed"}

func (r *imagesRun) flags(f *pflag.FlagSet) {
	addSeeds(f, &r.seeds)
	f.StringSliceVar(&r.parts, "parts", imagesParts, "what to measure, separated by commas")
	f.IntVar(&r.steps, "steps", imageflow.Training(0).Steps, "optimizer updates of a flow at most")
	f.StringVar(&r.python, "python", "", "Python that has normflows and nflows, such as .tools/peers/bin/python (default our flows alone)")
	f.IntVar(&r.reps, "reps", 5, "rounds of the speeds; the median counts")
	f.Float64Var(&r.secs, "secs", 3, "seconds of a speed of another library")
	f.StringVar(&r.folder, "mnist", "", "folder that 'go -C scripts/mnist run . FOLDER' has filled: fit flows to it, those of --parts flow,classes,pyramid,peers, and measure nothing else")
	f.StringVar(&r.sheet, "sheet", "", "PNG to write with ten draws of each digit of MNIST (default none)")
	f.Float64Var(&r.minutes, "minutes", 40, "processor time of each flow of MNIST: 20 minutes on two cores")
}

func (r *imagesRun) check() error {
	switch {
	case r.steps < 1:
		return fmt.Errorf("--steps: expected at least 1, found %d", r.steps)
	case r.reps < 1:
		return fmt.Errorf("--reps: expected at least 1, found %d", r.reps)
	case !(r.secs > 0 && r.secs < 1e6):
		return fmt.Errorf("--secs: expected a positive number, found %g", r.secs)
	case !(r.minutes > 0 && r.minutes < 1e4):
		return fmt.Errorf("--minutes: expected a positive number, found %g", r.minutes)
	case len(r.seeds) == 0:
		return fmt.Errorf("--seeds: expected at least one")
	}
	for _, part := range r.parts {
		if !slices.Contains(imagesParts, part) {
			return fmt.Errorf("--parts: found %q, expected some of %s", part, strings.Join(imagesParts, ","))
		}
	}
	return nil
}

// add prints and writes a row: what is measured stays, whatever happens to the next model.
func (r *imagesRun) add(row any) error {
	fmt.Println(row)
	r.rows = append(r.rows, row)
	return r.write(r.rows)
}

func (r *imagesRun) measure(ctx context.Context, from origin.Origin, write func(any) error) error {
	r.from, r.write = from, write
	if r.folder != "" {
		return r.mnist(ctx)
	}
	var failed []error
	for i, seed := range r.seeds {
		parts := digits.Load().Split(seed, imagesTest, imagesValid)
		s := &imagesSplit{test: parts[0], valid: parts[1], train: parts[2], seed: seed, data: "digits", steps: r.steps, python: r.python}
		for _, model := range []struct {
			part  string
			fit   func(context.Context) (imagesRow, error)
			once  bool // for the first seed only
			other bool // of another library
		}{
			{"simple", s.histograms, false, false}, {"simple", s.gaussian, false, false}, {"simple", s.mixture, false, false},
			{"flow", s.flow, false, false}, {"classes", s.classes, false, false}, {"shifted", s.shifted, true, false},
			{"texture", textureSplit(s, imageset.Texture{Height: 8, Width: 8, Levels: 64, Spread: 3}).texture, true, false},
			{"texture", textureSplit(s, imageset.Texture{Height: 8, Width: 8, Levels: 8}).texture, true, false},
			{"variational", s.variational().named, false, false},
			{"variational", textureSplit(s.variational(), imageset.Texture{Height: 8, Width: 8, Levels: 8}).texture, true, false},
			{"pyramid", s.pyramids().named, false, false},
			{"pyramid", textureSplit(s.pyramids(), imageset.Texture{Height: 8, Width: 8, Levels: 8}).texture, true, false},
			{"peers", func(ctx context.Context) (imagesRow, error) { return s.peer(ctx, "normflows") }, false, true},
			{"peers", func(ctx context.Context) (imagesRow, error) { return s.peer(ctx, "nflows") }, true, true},
		} {
			if !slices.Contains(r.parts, model.part) || model.once && i > 0 || model.other && r.python == "" {
				continue
			}
			cpu := bench.CPUTime()
			row, err := model.fit(ctx)
			if err != nil && ctx.Err() != nil {
				return err
			}
			if err != nil { // the other models go on
				failed = append(failed, fmt.Errorf("seed %d: %w", seed, err))
				continue
			}
			if row.Seed, row.Origin = seed, from; row.CPU == 0 {
				row.CPU = (bench.CPUTime() - cpu).Seconds()
			}
			if err := r.add(row); err != nil {
				return err
			}
		}
		if i == 0 && slices.Contains(r.parts, "speed") {
			if err := r.speeds(ctx, s); err != nil && ctx.Err() == nil {
				failed = append(failed, err)
			}
		}
	}
	return errors.Join(append(failed, ctx.Err())...)
}

// imagesRow is one model on one split; the keys are the file's contract.
type imagesRow struct {
	Data  string `json:"data"`
	Model string `json:"model"`
	Seed  int64  `json:"seed"`
	imageflow.Bits
	Train      int          `json:"train"`
	Test       int          `json:"test"`
	CPU        float64      `json:"cpu_seconds"` // of fitting and scoring; of another library, of fitting
	Parameters int          `json:"params,omitempty"`
	BestStep   int          `json:"best_step,omitempty"`
	Curve      []imagesStep `json:"curve,omitempty"`
	Version    string       `json:"version,omitempty"` // of another library

	Drawn     *imagesDrawn     `json:"drawn,omitempty"`
	Classes   *imagesClasses   `json:"classes,omitempty"`
	Texture   *imagesTexture   `json:"texture,omitempty"`
	RoundTrip *imagesRoundTrip `json:"round_trip,omitempty"` // of our flows

	origin.Origin
}

func (r imagesRow) String() string {
	line := fmt.Sprintf("%-34s %-12s seed %d  %.3f ± %.3f bits per dimension  %6.1f CPU seconds", r.Model, r.Data, r.Seed, r.PerDim, r.StdErr, r.CPU)
	if d := r.Drawn; d != nil {
		line += fmt.Sprintf("; drawn %d, beyond the levels %g, black stays black %.4f, histograms differ by %.3f, held-out ones by %.3f", d.Pictures, d.Outside, d.Black, d.Distance, d.HeldOut)
	}
	if c := r.Classes; c != nil {
		line += fmt.Sprintf("; %.3f ± %.3f of the draws recognized, %.3f of held-out digits; without the label %.3f bits; the flow recognizes %.3f", c.Recognized, c.StdErr, c.Classifier, c.WithoutLabel, c.ByFlow)
	}
	if t := r.Texture; t != nil {
		line += fmt.Sprintf("; entropy %.4f, KL %.4f ± %.4f", t.Entropy, t.KL, t.StdErr)
	}
	if t := r.RoundTrip; t != nil {
		line += fmt.Sprintf("; round trip %.1e, noise %.1e; in float64 %.1e, noise %.1e", t.Single, t.SingleNoise, t.Double, t.DoubleNoise)
	}
	return line
}

type imagesStep struct {
	Step  int     `json:"step"`
	CPU   float64 `json:"cpu_seconds"`
	Train float64 `json:"train"` // bits per dimension
	Valid float64 `json:"valid"`
}

// imagesSplit is the data of one seed.
type imagesSplit struct {
	train, valid, test *imageset.Set
	seed               int64
	data               string // name of the data
	steps              int
	noise              int  // bins of variational dequantization; 0 for uniform noise
	pyramid            bool // a flow of imageflow.Pyramid
	python             string
	cpu                float64 // seconds that the training of flow took, or may take
	draws              int     // of the noise for each picture of the test; 0 for imagesDraws
	sheet              string  // PNG to write with draws of each class; "" for none
	evalEvery          int     // steps; 0 for those of imageflow.Training
}
