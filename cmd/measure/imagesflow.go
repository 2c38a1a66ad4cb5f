package main

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"

	"gonum.org/v1/gonum/floats"

	"normflow/flowlib/backend"
	"normflow/flowlib/eval"
	"normflow/flowlib/fit"
	"normflow/flowlib/flow"
	"normflow/flowlib/imagefit"
	"normflow/flowlib/imageflow"
	"normflow/flowlib/imageset"
	"normflow/flowlib/imageset/digits"
	"normflow/internal/bench"
)

// imagesDrawn compares draws of a flow with all digits.
type imagesDrawn struct {
	Pictures int     `json:"pictures"`
	Outside  float64 `json:"outside"` // share of numbers drawn beyond the levels
	Black    float64 `json:"black"`   // in how many draws a pixel is black that is black in all digits; the least of these pixels
	// Mean over pixels of the total variation distance between the levels of draws, or of
	// as many digits as are held out, and those of the training digits.
	Distance float64 `json:"distance"`
	HeldOut  float64 `json:"distance_held_out"`
}

// imagesClasses judges a flow that is given the digit.
type imagesClasses struct {
	Drawn      int     `json:"drawn"`
	Recognized float64 `json:"recognized"` // share of them that the classifier takes for the class asked for
	StdErr     float64 `json:"standard_error"`
	Classifier float64 `json:"classifier"` // accuracy of it, the nearest training digit, on held-out digits
	// Bits per dimension, with their standard error, of the mixture over all classes.
	WithoutLabel  float64 `json:"bits_without_label"`
	WithoutStdErr float64 `json:"bits_without_label_standard_error"`
	ByFlow        float64 `json:"flow_as_classifier"` // accuracy of the most likely class
}

// imagesTexture compares with what is known.
type imagesTexture struct {
	Levels  int     `json:"levels"`
	Spread  float64 `json:"spread,omitempty"`
	Entropy float64 `json:"entropy_bits_per_dim"`
	KL      float64 `json:"kl_bits_per_dim"` // an upper bound, as are the bits per dimension
	StdErr  float64 `json:"kl_standard_error"`
}

// imagesRoundTrip says how exactly pictures, and as many pictures of noise, come back through
// the latents: the largest difference of a number, relative to it, or to 1 if that is more.
type imagesRoundTrip struct {
	Pictures    int     `json:"pictures"`
	Single      float64 `json:"float32"`
	SingleNoise float64 `json:"float32_noise"`
	Double      float64 `json:"float64"` // with the same weights
	DoubleNoise float64 `json:"float64_noise"`
}

// fitted is a flow after its training.
type fitted struct {
	config imageflow.Config
	model  *flow.Model
	row    imagesRow
	cpu    float64 // seconds of the training
}

// fit trains a flow of c on train and scores it. The row has all but the name.
func (s *imagesSplit) fit(ctx context.Context, c imageflow.Config, train *imageset.Set) (f fitted, err error) {
	b, err := backend.Open("")
	if err != nil {
		return f, err
	}
	f.config = c
	f.config.Seed = s.seed
	training := s.training()
	training.Steps = s.steps
	training.EvalEvery = min(cmp.Or(s.evalEvery, training.EvalEvery), training.Steps)
	start := bench.CPUTime()
	var result fit.Result
	f.model, result, err = imageflow.Fit(ctx, b, f.config, train, s.valid, training, func(p fit.Point, _ fit.Config) {
		at := imagesStep{p.Step, (bench.CPUTime() - start).Seconds(), c.BitsPerDim(p.Train), c.BitsPerDim(p.Valid)}
		f.row.Curve = append(f.row.Curve, at)
		fmt.Fprintf(os.Stderr, "%s: step %d of %d, %.0f CPU seconds, %.3f bits per dimension, validation %.3f\n", s.data, at.Step, training.Steps, at.CPU, at.Train, at.Valid)
	})
	if err != nil {
		return f, err
	}
	f.cpu = (bench.CPUTime() - start).Seconds()
	f.row.Bits, err = imageflow.Score(f.model, s.test, c.Classes, cmp.Or(s.draws, imagesDraws), s.seed)
	f.row.Data, f.row.Train, f.row.Test = s.data, train.Len(), s.test.Len()
	f.row.Parameters, f.row.BestStep = f.model.NumParameters(), result.BestStep
	f.row.CPU = (bench.CPUTime() - start).Seconds()
	if err != nil {
		return f, err
	}
	f.row.RoundTrip, err = s.roundTrip(f.model, c)
	return f, err
}

// roundTrip sends the pictures of the test, in many copies, through the latents and back.
func (s *imagesSplit) roundTrip(m *flow.Model, c imageflow.Config) (*imagesRoundTrip, error) {
	const most, together = 10000, 500 // all layers of those together are in memory
	pictures := min(most, 30*s.test.Len())
	if s.pyramid { // slow: one network after the other, in float64 too
		pictures = min(pictures, together)
	}
	double, err := m.Float64()
	if err != nil {
		return nil, err
	}
	rows := s.test.Dequantized((pictures+s.test.Len()-1)/s.test.Len(), c.Classes, s.seed)[:pictures]
	rng, noise := rand.New(rand.NewPCG(uint64(s.seed), 0x0a15e)), make([][]float64, pictures)
	for i, row := range rows {
		noise[i] = slices.Clone(row) // with its class
		for d := range c.Image.Features() {
			noise[i][d] = float64(float32(c.Levels) * rng.Float32())
		}
	}
	r := imagesRoundTrip{Pictures: pictures}
	for _, of := range []struct {
		model *flow.Model
		rows  [][]float64
		worst *float64
	}{{m, rows, &r.Single}, {m, noise, &r.SingleNoise}, {double, rows, &r.Double}, {double, noise, &r.DoubleNoise}} {
		for part := range slices.Chunk(of.rows, together) {
			worst, err := eval.RoundTrip(of.model, part)
			if err != nil {
				return nil, err
			}
			*of.worst = max(*of.worst, worst)
		}
	}
	return &r, nil
}

func (s *imagesSplit) config() imageflow.Config {
	if s.pyramid {
		return imageflow.Pyramid(s.train.Shape, s.train.Levels)
	}
	c := imageflow.Glow(s.train.Shape, s.train.Levels)
	c.Noise = s.noise
	return c
}

func (s *imagesSplit) training() fit.Config {
	if s.pyramid {
		return imageflow.PyramidTraining(s.seed)
	}
	return imageflow.Training(s.seed)
}

// pyramids returns s for flows of imageflow.Pyramid, which train for twice as many steps.
func (s *imagesSplit) pyramids() *imagesSplit {
	p := *s
	p.pyramid, p.noise, p.steps = true, 0, 2*s.steps
	return &p
}

// variational returns s for flows that learn where in its cell each number lies.
func (s *imagesSplit) variational() *imagesSplit {
	v := *s
	v.noise = 4
	return &v
}

// named fits the flow of s.
func (s *imagesSplit) named(ctx context.Context) (imagesRow, error) {
	f, err := s.fit(ctx, s.config(), s.train)
	f.row.Model = s.name()
	return f.row, err
}

func (s *imagesSplit) name() string {
	switch {
	case s.pyramid:
		return flowName + pyramidName
	case s.noise > 0:
		return flowName + ", variational dequantization"
	}
	return flowName
}

const (
	flowName    = "multi-scale flow"
	pyramidName = ", histogram pyramid"
)

func (s *imagesSplit) flow(ctx context.Context) (imagesRow, error) {
	f, err := s.fit(ctx, s.config(), s.train)
	if err != nil {
		return imagesRow{}, err
	}
	s.cpu = f.cpu
	f.row.Model = flowName
	const pictures = 4096
	drawn, outside, err := f.config.Draw(f.model, flow.Sampling{Count: pictures, Seed: s.seed})
	if err != nil {
		return imagesRow{}, err
	}
	d := imagesDrawn{Pictures: pictures, Outside: float64(outside) / float64(len(drawn.Pixels)), Black: 1}
	all, train, test, ours := shares(digits.Load()), shares(s.train), shares(s.test), shares(drawn)
	for pixel := range all {
		d.Distance += floats.Distance(ours[pixel], train[pixel], 1) / 2 / float64(len(all))
		d.HeldOut += floats.Distance(test[pixel], train[pixel], 1) / 2 / float64(len(all))
		if all[pixel][0] == 1 {
			d.Black = min(d.Black, ours[pixel][0])
		}
	}
	f.row.Drawn = &d
	return f.row, nil
}

// shares returns for each pixel how frequent each level is.
func shares(s *imageset.Set) [][]float64 {
	of := make([][]float64, s.Shape.Features())
	for pixel := range of {
		of[pixel] = make([]float64, s.Levels)
	}
	for i, v := range s.Pixels {
		of[i%len(of)][v] += 1 / float64(s.Len())
	}
	return of
}

// shifted adds to the training digits those moved by one pixel in four directions.
func (s *imagesSplit) shifted(ctx context.Context) (imagesRow, error) {
	train := *s.train
	for _, by := range [][2]int{{-1, 0}, {1, 0}, {0, -1}, {0, 1}} {
		train.Append(s.train.Shift(by[0], by[1]))
	}
	f, err := s.fit(ctx, s.config(), &train)
	f.row.Model = flowName + ", shifted digits too"
	return f.row, err
}

func (s *imagesSplit) classes(ctx context.Context) (imagesRow, error) {
	c := s.config()
	c.Classes = digits.Classes
	f, err := s.fit(ctx, c, s.train)
	if err != nil {
		return imagesRow{}, err
	}
	f.row.Model = flowName + givenDigit
	return f.row, s.judgeClasses(&f)
}

const givenDigit = " given the digit"

// judgeClasses sets what the row says of classes.
func (s *imagesSplit) judgeClasses(f *fitted) error {
	const each = 100
	classes := f.config.Classes
	var asked [][]float64
	for i := range each * classes {
		asked = append(asked, f.config.Context(i%classes)...)
	}
	drawn, _, err := f.config.Draw(f.model, flow.Sampling{Count: len(asked), Seed: s.seed, Context: asked})
	if err != nil {
		return err
	}
	first := make([]int, min(drawn.Len(), s.test.Len())) // a search in a large set takes long
	for i := range first {
		first[i] = i
	}
	k := imagesClasses{Drawn: drawn.Len(), Recognized: s.train.Recognized(drawn), Classifier: s.train.Recognized(s.test.Take(first))}
	k.StdErr = math.Sqrt(k.Recognized * (1 - k.Recognized) / float64(k.Drawn))
	if s.sheet != "" {
		if err := imagefit.WriteDraws(s.sheet, drawn.Take(first[:min(len(first), 10*classes)])); err != nil {
			return err
		}
	}
	err = s.withoutLabel(f, &k)
	f.row.Classes = &k
	return err
}

// withoutLabel judges the mixture of all classes, all as frequent.
func (s *imagesSplit) withoutLabel(f *fitted, k *imagesClasses) error {
	all := imageflow.Mixture{By: f.model}
	for range f.config.Classes {
		all.Shares = append(all.Shares, 1/float64(f.config.Classes))
	}
	bits, classes, err := all.Score(s.test, cmp.Or(s.draws, imagesDraws), s.seed)
	if err != nil {
		return err
	}
	k.WithoutLabel, k.WithoutStdErr = bits.PerDim, bits.StdErr
	recognized := 0
	for i, of := range classes {
		if floats.MaxIdx(of) == s.test.Labels[i] {
			recognized++
		}
	}
	k.ByFlow = float64(recognized) / float64(len(classes))
	return nil
}

// textureSplit draws what texture needs.
func textureSplit(like *imagesSplit, of imageset.Texture) *textures {
	s := *like
	s.data = "texture"
	return &textures{s, of}
}

type textures struct {
	imagesSplit
	of imageset.Texture
}

// texture fits a flow to pictures of a texture, of which there are as many as wanted.
func (s *textures) texture(ctx context.Context) (imagesRow, error) {
	count := 20000
	if s.pyramid { // learns so many by heart
		count *= 10
	}
	s.train, s.valid, s.test = s.of.Draw(s.seed, count), s.of.Draw(s.seed+1, 500), s.of.Draw(s.seed+2, 2000)
	f, err := s.fit(ctx, s.config(), s.train)
	if err != nil {
		return imagesRow{}, err
	}
	perDim := 1 / (float64(s.of.Height*s.of.Width) * math.Ln2)
	excess := make([]float64, s.test.Len())
	for i, bits := range f.row.Each {
		excess[i] = bits + perDim*s.of.LogProb(s.test.Picture(i))
	}
	kl, se := imageflow.Mean(excess)
	f.row.Model = s.name()
	f.row.Texture = &imagesTexture{s.of.Levels, s.of.Spread, perDim * s.of.Entropy(), kl, se}
	f.row.Data = fmt.Sprintf("texture of %d levels", s.of.Levels)
	return f.row, nil
}
