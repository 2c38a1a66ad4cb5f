package imagefit

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"time"

	"normflow/flowlib/backend"
	"normflow/flowlib/fit"
	"normflow/flowlib/fitplace"
	"normflow/flowlib/flow"
	"normflow/flowlib/imageflow"
	"normflow/flowlib/imageset"
	"normflow/flowlib/table"
	"normflow/internal/show"
)

// FitConfig says what [Fit] may be told. 0 steps and a learning rate of 0 are the default of
// [imageflow.Training].
type FitConfig struct {
	// Classes is a table of one column, the class of each picture; "" if the folders that
	// they lie in tell, or if they have none.
	Classes      string
	Seed         int64
	Steps        int
	LearningRate float64
	Valid, Test  float64 // shares of the pictures
	Engine       string  // a backend; "" or auto for the best there is
	Resume       bool    // continue from the checkpoint of an interrupted fit
}

// Check returns an error for what no pictures can be fitted with.
func (c FitConfig) Check() error {
	switch {
	case c.Steps < 0:
		return fmt.Errorf("expected at least 1 step, found %d", c.Steps)
	case !(c.LearningRate >= 0) || math.IsInf(c.LearningRate, 0):
		return fmt.Errorf("expected a positive learning rate, found %g", c.LearningRate)
	case !(c.Valid > 0 && c.Test >= 0 && c.Valid+c.Test < 1):
		return fmt.Errorf("expected a share above 0 for validation, at least 0 for the test, and less than 1 for both, found %g and %g", c.Valid, c.Test)
	}
	return nil
}

// leastPictures is how few pictures Fit takes.
const leastPictures = 50

// draws of the noise for each picture that is judged.
const draws = 8

// InterruptedError is returned by Fit if its context ends while it trains. Its Checkpoint
// is the file from which the fit can continue, "" if there is none yet.
type InterruptedError = fitplace.InterruptedError

// Fit fits a flow to the pictures at path and saves it as the folder out. note is told, a
// line each, what was read and chosen; step gets the points of the curve, and at each of
// them a checkpoint is written beside out. Pictures of classes are fitted given these.
func Fit(ctx context.Context, path, out string, c FitConfig, note func(string), step fit.Progress) (*Record, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	reads := []string{path}
	if c.Classes != "" {
		reads = append(reads, c.Classes)
	}
	place, err := fitplace.Take(out, 1, reads...)
	if err != nil {
		return nil, err
	}
	defer place.Leave()
	if err := place.Resume(c.Resume, func(n table.Note) { note(n.String()) }); err != nil {
		return nil, err
	}
	pictures, err := c.read(path)
	if err != nil {
		return nil, err
	}
	train, valid, test, err := c.split(pictures)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", show.Path(path), err)
	}
	if err := untaught(train); err != nil {
		return nil, fmt.Errorf("%s: %w", show.Path(path), err)
	}
	copies := pictures.Len() - pictures.Distinct()
	if copies == pictures.Len()-1 {
		return nil, fmt.Errorf("%s: all %d pictures are the same, expected different ones: there is nothing to learn", show.Path(path), pictures.Len())
	}
	b, err := openBackend(c.Engine)
	if err != nil {
		return nil, err
	}
	s := pictures.Shape
	config := imageflow.Glow(s, pictures.Levels)
	if config.Scales == 0 {
		return nil, fmt.Errorf("%s: pictures of %d×%d pixels, expected even numbers: cut or scale them, such as to %d×%d", show.Path(path), s.Width, s.Height, s.Width+s.Width%2, s.Height+s.Height%2)
	}
	config.Seed, config.Classes = c.Seed, len(pictures.Classes)
	training := imageflow.Training(c.Seed)
	if c.Steps > 0 {
		training.Steps = c.Steps
	}
	if c.LearningRate > 0 {
		training.LearningRate = c.LearningRate
	}
	training.EvalEvery, training.BatchSize = min(training.EvalEvery, training.Steps), min(training.BatchSize, train.Len())
	r := &Record{
		Kind: recordKind, Program: flow.Library(), Created: time.Now().UTC().Format(time.RFC3339), Source: path, Fingerprint: fingerprint(pictures),
		Config: config, Fit: training, Split: Split{c.Seed, train.Len(), valid.Len(), test.Len()}, Engine: backend.Name(b),
		Reasons: []string{
			fmt.Sprintf("%d pictures of %d×%d pixels, %s, %d levels", pictures.Len(), s.Width, s.Height, channels(s.Channels), pictures.Levels),
			fmt.Sprintf("a multi-scale flow: %d scales of %d steps, networks of %d channels, a histogram of %d bins for each number", config.Scales, config.Steps, config.Net.Width, config.Gray),
		},
	}
	if config.Classes > 0 {
		r.Classes, r.Shares = pictures.Classes, sharesOf(train)
		r.Reasons = append(r.Reasons, fmt.Sprintf("%d classes, which the flow is given: %s", config.Classes, show.Names(r.Classes)))
	}
	r.Reasons = append(r.Reasons, fmt.Sprintf("trains on %s: %s", r.Engine, NotFast))
	if why := backend.Slower(); why != "" && (c.Engine == "" || c.Engine == "auto") {
		r.Reasons = append(r.Reasons, why)
	}
	if copies > 0 {
		r.Reasons = append(r.Reasons, fmt.Sprintf("%d of the pictures are copies of others: of those held out some have been seen, and the figures flatter", copies))
	}
	for _, line := range r.Reasons {
		note(line)
	}
	training.Checkpoint = place.Checkpoint(0)
	m, result, err := imageflow.Fit(ctx, b, config, train, valid, training, step)
	if err != nil {
		return nil, place.Interrupted(ctx, err)
	}
	r.Result = result
	if r.Valid, _, err = r.score(m, valid); err != nil {
		return nil, err
	}
	r.HeldOut = r.Valid.Each
	if test.Len() > 0 {
		bits, _, err := r.score(m, test)
		if err != nil {
			return nil, err
		}
		r.Test, r.HeldOut = &bits, bits.Each
	} else {
		note("no pictures are kept for the test: p-values of anomalies will be by the validation pictures, which choose when training ends, and a little too small")
	}
	if config.Classes > 0 {
		judges := test
		if test.Len() == 0 {
			judges = valid
		}
		bits, err := imageflow.Score(m, judges, config.Classes, draws, noiseSeed)
		if err != nil {
			return nil, err
		}
		r.Given = &bits
	}
	if err := m.Save(place.Dir, r); err != nil {
		return nil, err
	}
	if err := place.RemoveCheckpoints(0); err != nil {
		return nil, fmt.Errorf("the model is saved, its checkpoint stays: %w", err)
	}
	return r, nil
}

// read reads the pictures at path, and their classes.
func (c FitConfig) read(path string) (*imageset.Set, error) {
	s, _, err := Read(path)
	switch {
	case err != nil:
		return nil, err
	case len(s.Classes) == 1:
		return nil, fmt.Errorf("%s: holds one folder, expected PNG files, or a folder of them for each class: give %s", show.Path(path), show.Path(filepath.Join(path, s.Classes[0])))
	case c.Classes != "":
		err = Label(s, c.Classes)
	}
	return s, err
}

// score judges pictures whatever their class; classes has the probability of each, if
// there are any.
func (r *Record) score(m *flow.Model, pictures *imageset.Set) (b imageflow.Bits, classes [][]float64, err error) {
	if len(r.Classes) > 0 {
		return imageflow.Mixture{By: m, Shares: r.Shares}.Score(pictures, draws, noiseSeed)
	}
	b, err = imageflow.Score(m, pictures, 0, draws, noiseSeed)
	return b, nil, err
}

// noiseSeed is that of the noise of pictures that are judged, so that the same picture
// gets the same number.
const noiseSeed = 17

func (c FitConfig) split(s *imageset.Set) (train, valid, test *imageset.Set, err error) {
	if s.Len() < leastPictures {
		return nil, nil, nil, fmt.Errorf("found %d pictures, expected at least %d", s.Len(), leastPictures)
	}
	share := func(of float64) int { return int(math.Round(of * float64(s.Len()))) }
	testSize := share(c.Test)
	if c.Test > 0 {
		testSize = max(2, testSize)
	}
	parts := s.Split(c.Seed, testSize, max(2, share(c.Valid)))
	if parts[2].Len() < 2 {
		return nil, nil, nil, fmt.Errorf("the shares of validation (%g) and test (%g) leave %d of %d pictures for training", c.Valid, c.Test, parts[2].Len(), s.Len())
	}
	return parts[2], parts[1], parts[0], nil
}

func channels(n int) string {
	switch n {
	case 1:
		return "gray"
	case 3:
		return "RGB"
	}
	return fmt.Sprintf("%d channels", n)
}
