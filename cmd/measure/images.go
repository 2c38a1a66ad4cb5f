package main

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/spf13/cobra"

	"normflow/flowlib/backend"
	"normflow/flowlib/dataset"
	"normflow/flowlib/fit"
	"normflow/flowlib/gmm"
	"normflow/flowlib/imageflow"
	"normflow/flowlib/imageset"
	"normflow/flowlib/imageset/digits"
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
		Long: fmt.Sprintf("Fits a multi-scale flow, a histogram per pixel, a Gaussian and a mixture of Gaussians to handwritten digits, and prints\n"+
			"the bits per dimension of the discrete pixels of %d digits held out, another split for each seed.", imagesTest),
	}}
	var seeds []int64
	var steps int
	f := m.Flags()
	addSeeds(f, &seeds)
	f.IntVar(&steps, "steps", imageflow.Training(0).Steps, "optimizer updates of the flow at most")
	m.check = func([]string) error {
		if steps < 1 {
			return fmt.Errorf("--steps: expected at least 1, found %d", steps)
		}
		return nil
	}
	m.measure = func(ctx context.Context, from origin.Origin, write func(any) error) error {
		var rows []imagesRow
		for _, seed := range seeds {
			parts := digits.Load().Split(seed, imagesTest, imagesValid)
			s := imagesSplit{test: parts[0], valid: parts[1], train: parts[2], seed: seed}
			for _, model := range []func() (imagesRow, error){s.histograms, s.gaussian, func() (imagesRow, error) { return s.flow(ctx, steps) }, s.mixture} {
				start := time.Now()
				r, err := model()
				if err != nil {
					return fmt.Errorf("seed %d: %w", seed, err)
				}
				r.Seed, r.Train, r.Test, r.Seconds, r.Origin = seed, s.train.Len(), s.test.Len(), time.Since(start).Seconds(), from
				fmt.Printf("%-22s seed %d  %.3f ± %.3f bits per dimension  %6.1f s\n", r.Model, seed, r.PerDim, r.StdErr, r.Seconds)
				rows = append(rows, r)
				if err := write(rows); err != nil { // what is measured stays, whatever happens to the next model
					return err
				}
			}
		}
		return nil
	}
	return m
}

// imagesRow is one model on one split; the keys are the file's contract.
type imagesRow struct {
	Model string `json:"model"`
	Seed  int64  `json:"seed"`
	imageflow.Bits
	Train      int          `json:"train"`
	Test       int          `json:"test"`
	Seconds    float64      `json:"seconds"`
	Parameters int          `json:"params,omitempty"`
	BestStep   int          `json:"best_step,omitempty"`
	Curve      []imagesStep `json:"curve,omitempty"` // bits per dimension

	origin.Origin
}

type imagesStep struct {
	Step    int     `json:"step"`
	Seconds float64 `json:"seconds"`
	Train   float64 `json:"train"`
	Valid   float64 `json:"valid"`
}

// imagesSplit is the data of one seed.
type imagesSplit struct {
	train, valid, test *imageset.Set
	seed               int64
}

func (s imagesSplit) score(name string, model interface {
	LogProb(rows [][]float64) ([]float64, error)
}) (imagesRow, error) {
	bits, err := imageflow.Score(model, s.test, 0, imagesDraws, s.seed)
	return imagesRow{Model: name, Bits: bits}, err
}

// logProbs is a density of rows.
type logProbs func(row []float64) float64

func (f logProbs) LogProb(rows [][]float64) ([]float64, error) {
	out := make([]float64, len(rows))
	for i, row := range rows {
		out[i] = f(row)
	}
	return out, nil
}

// histograms has the frequency of each level at each pixel, half a digit more for each.
func (s imagesSplit) histograms() (imagesRow, error) {
	d, levels := s.train.Shape.Features(), s.train.Levels
	counts := make([]float64, d*levels)
	for i := range counts {
		counts[i] = 0.5
	}
	for i, v := range s.train.Pixels {
		counts[i%d*levels+int(v)]++
	}
	total := float64(s.train.Len()) + 0.5*float64(levels)
	return s.score("histogram per pixel", logProbs(func(row []float64) (sum float64) {
		for j, v := range row {
			sum += math.Log(counts[j*levels+int(v)] / total)
		}
		return sum
	}))
}

// noisy is what the continuous models are fitted to.
func (s imagesSplit) noisy() [][]float64 { return s.train.Dequantized(1, 0, s.seed) }

func (s imagesSplit) gaussian() (imagesRow, error) {
	whiten, err := dataset.NewWhitener(s.noisy())
	if err != nil {
		return imagesRow{}, err
	}
	z := make([]float64, s.train.Shape.Features())
	return s.score("Gaussian", logProbs(func(row []float64) float64 {
		whiten.Apply(z, row)
		sum := whiten.LogDet()
		for _, v := range z {
			sum -= 0.5*v*v + 0.5*math.Log(2*math.Pi)
		}
		return sum
	}))
}

func (s imagesSplit) mixture() (imagesRow, error) {
	m, err := gmm.Choose(s.noisy(), nil, s.seed)
	if err != nil {
		return imagesRow{}, err
	}
	return s.score("mixture of Gaussians", mixtureScorer{m})
}

type mixtureScorer struct{ *gmm.Mixture }

func (m mixtureScorer) LogProb(rows [][]float64) ([]float64, error) {
	out := make([]float64, len(rows))
	m.Mixture.LogProb(out, rows)
	return out, nil
}

func (s imagesSplit) flow(ctx context.Context, steps int) (imagesRow, error) {
	b, err := backend.Open("")
	if err != nil {
		return imagesRow{}, err
	}
	c := imageflow.Glow(s.train.Shape, s.train.Levels)
	c.Seed = s.seed
	training := imageflow.Training(s.seed)
	training.Steps = steps
	var curve []imagesStep
	start := time.Now()
	m, result, err := imageflow.Fit(ctx, b, c, s.train, s.valid, training, func(p fit.Point, _ fit.Config) {
		curve = append(curve, imagesStep{p.Step, time.Since(start).Seconds(), c.BitsPerDim(p.Train), c.BitsPerDim(p.Valid)})
	})
	if err != nil {
		return imagesRow{}, err
	}
	r, err := s.score("multi-scale flow", m)
	r.Parameters, r.BestStep, r.Curve = m.NumParameters(), result.BestStep, curve
	return r, err
}
