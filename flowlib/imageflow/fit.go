package imageflow

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/gomlx/compute"

	"normflow/flowlib/fit"
	"normflow/flowlib/flow"
	"normflow/flowlib/imageset"
)

// Training returns how [Fit] trains by default.
func Training(seed int64) fit.Config {
	return fit.Config{Seed: seed, Steps: 1500, BatchSize: 64, LearningRate: 2e-3, WarmUp: 50, ClipNorm: 50, EvalEvery: 100, EMADecay: 0.998, Patience: 5}
}

// PyramidTraining returns how [Fit] trains a [Pyramid] by default.
func PyramidTraining(seed int64) fit.Config {
	t := Training(seed)
	t.Steps, t.BatchSize, t.LearningRate = 3000, 128, 6e-3
	return t
}

// Fit makes a model of c and trains it by [fit.Run] on dequantized pictures, each with
// noise of its own in many copies, and keeps the weights that were best on valid. NLLs of
// the progress and of the result are in nats per picture; [BitsPerDim] converts them.
func Fit(ctx context.Context, b compute.Backend, c Config, train, valid *imageset.Set, training fit.Config, progress fit.Progress) (*flow.Model, fit.Result, error) {
	m, err := c.NewModel(b)
	if err != nil {
		return nil, fit.Result{}, err
	}
	r, err := c.Train(ctx, m, train, valid, training, progress)
	return m, r, err
}

// Train trains m, a new model of c, as [Fit] does. progress may draw from m.
func (c Config) Train(ctx context.Context, m *flow.Model, train, valid *imageset.Set, training fit.Config, progress fit.Progress) (fit.Result, error) {
	for _, s := range []*imageset.Set{train, valid} {
		if err := c.suits(s); err != nil {
			return fit.Result{}, err
		}
	}
	if err := c.start(m, train); err != nil {
		return fit.Result{}, err
	}
	if err := c.initialize(m, train, training.Seed); err != nil {
		return fit.Result{}, err
	}
	return fit.Run(ctx, m, train.Dequantized(copies(train, training), c.Classes, training.Seed), valid.Dequantized(4, c.Classes, training.Seed+1), training, progress)
}

// initialize sets what depends on data from fewer large pictures than [fit.Run] would take, which
// would need gigabytes. That is enough, since the mean and spread of a channel are those of
// all its pixels.
func (c Config) initialize(m *flow.Model, s *imageset.Set, seed int64) error {
	const numbers, runTakes = 1 << 18, 4096
	most := max(2, numbers/s.Shape.Features())
	if most >= runTakes || s.Len() <= most {
		return nil
	}
	some := rand.New(rand.NewPCG(uint64(seed), 0x1417)).Perm(s.Len())[:most] // they may be sorted by class
	return m.Initialize(s.Take(some).Dequantized(1, c.Classes, seed))
}

// copies is as many as the training sees, within 64 MB of numbers.
func copies(s *imageset.Set, training fit.Config) int {
	const most = 8 << 20
	epochs := (training.Steps*training.BatchSize + s.Len() - 1) / s.Len()
	return max(1, min(epochs, most/len(s.Pixels)))
}

// suits returns an error unless pictures are those that c describes.
func (c Config) suits(s *imageset.Set) error {
	if err := s.Check(); err != nil {
		return err
	}
	if s.Shape != c.Image || s.Levels > c.Levels {
		return fmt.Errorf("imageflow: pictures of %d×%d pixels, %d channels and %d levels, expected %d×%d, %d and at most %d",
			s.Shape.Width, s.Shape.Height, s.Shape.Channels, s.Levels, c.Image.Width, c.Image.Height, c.Image.Channels, c.Levels)
	}
	if c.Classes == 0 {
		return nil
	}
	if s.Labels == nil {
		return fmt.Errorf("imageflow: pictures without labels for a flow of %d classes", c.Classes)
	}
	for i, label := range s.Labels {
		if label < 0 || label >= c.Classes {
			return fmt.Errorf("imageflow: picture %d (from 0) has label %d, expected 0 to %d", i, label, c.Classes-1)
		}
	}
	return nil
}

// start sets the histograms of m to those of pictures, so that training begins at what
// single pixels tell. A tenth of a picture more, in equal parts, leaves no bin empty.
func (c Config) start(m *flow.Model, s *imageset.Set) error {
	if c.Gray == 0 {
		return nil
	}
	d := s.Shape.Features()
	logMass := make([]float64, d*c.Gray)
	for i := range logMass {
		logMass[i] = 0.1 / float64(c.Gray)
	}
	for i, v := range s.Pixels { // a level may lie in several bins
		from, to := float64(v)*float64(c.Gray)/float64(c.Levels), (float64(v)+1)*float64(c.Gray)/float64(c.Levels)
		for k := int(from); k < c.Gray && float64(k) < to; k++ {
			logMass[i%d*c.Gray+k] += (min(to, float64(k+1)) - max(from, float64(k))) / (to - from)
		}
	}
	for i := range logMass {
		logMass[i] = math.Log(logMass[i])
	}
	variables, err := m.Variables()
	if err != nil {
		return err
	}
	for _, v := range variables {
		if strings.HasSuffix(v.Path, "/log_mass") {
			return m.SetWeights([]flow.Weight{{Path: v.Path, Shape: v.Shape, Values: logMass}})
		}
	}
	return fmt.Errorf("imageflow: the model has no histograms")
}

// BitsPerDim converts an NLL of dequantized pictures, in nats per picture.
func (c Config) BitsPerDim(nll float64) float64 {
	return nll / (math.Ln2 * float64(c.Image.Features()))
}
