// Package pictures trains flows over handwritten digits, draws what they draw, and judges
// pictures of other kinds by them, for notebook 9.
package pictures

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/gomlx/compute"
	"github.com/janpfeifer/must"

	"normflow/flowlib/backend"
	"normflow/flowlib/experiment"
	"normflow/flowlib/figure"
	"normflow/flowlib/fit"
	"normflow/flowlib/flow"
	"normflow/flowlib/imageflow"
	"normflow/flowlib/imageset"
	"normflow/flowlib/imageset/digits"
	"normflow/notebooks/nb"
	"normflow/notebooks/nb/runs"
)

// Parts are digits for training, for choosing the weights, and for the test.
type Parts struct{ Train, Valid, Test *imageset.Set }

// Part deals the digits: 360 for the test, 100 to choose by, the rest to train on.
func Part(all *imageset.Set, seed int64) Parts {
	parts := all.Split(seed, 360, 100)
	return Parts{parts[2], parts[1], parts[0]}
}

// Digits returns the digits in parts.
func Digits() Parts { return Part(digits.Load(), 0) }

// String says how many there are.
func (p Parts) String() string {
	s := p.Train.Shape
	return fmt.Sprintf("%d digits to train on, %d to choose by, %d to test: %d×%d pixels, %d levels",
		p.Train.Len(), p.Valid.Len(), p.Test.Len(), s.Height, s.Width, p.Train.Levels)
}

// Fitted is a flow that was trained on pictures.
type Fitted struct {
	Config     imageflow.Config `json:"config"`
	Parameters int              `json:"parameters"`
	Steps      int              `json:"steps"`
	Result     fit.Result       `json:"result"`
	Growth     []Growth         `json:"growth"` // draws while it trained, of the same latents
	Test       imageflow.Bits   `json:"test"`

	Parts Parts  `json:"-"`
	Dir   string `json:"-"` // of the model
}

// Growth holds draws of a flow in training.
type Growth struct {
	Step   int    `json:"step"`
	Pixels []byte `json:"pixels"`
}

const (
	grown     = 10 // draws that a training shows
	testDraws = 4  // of the noise for each picture that is scored
)

// Fit trains a flow on the pictures, given their class if there are classes, with a
// progress bar below the cell; or it returns an earlier one at once.
func Fit(p Parts, classes, steps int) Fitted {
	c := imageflow.Glow(p.Train.Shape, p.Train.Levels)
	c.Classes = classes
	training := imageflow.Training(c.Seed)
	training.Steps, training.EvalEvery = steps, max(1, min(training.EvalEvery, steps/20))
	training.BatchSize = min(training.BatchSize, p.Train.Len())
	f := Fitted{Parts: p}
	folder := filepath.Join(experiment.Root(), "pictures")
	f.Dir = filepath.Join(folder, key(p, c, training, runs.Backend()))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	must.M1(experiment.Once(ctx, f.Dir+".json", &f, func() error {
		name := "a flow over digits"
		if classes > 0 {
			name = "a flow over digits, given which digit"
		}
		bar := runs.NewBar(name)
		m := must.M1(c.NewModel(runs.Backend()))
		f.Config, f.Parameters, f.Steps = c, m.NumParameters(), steps
		z := f.given(Latents(grown, c.Image.Features(), 1))
		var err error
		f.Result, err = c.Train(ctx, m, p.Train, p.Valid, training, func(at fit.Point, of fit.Config) {
			bar.Step(at, of)
			f.Growth = append(f.Growth, Growth{at.Step, f.draw(m, z).Pixels})
		})
		if errors.Is(err, context.Canceled) {
			nb.Refuse("stopped; run the cell again to begin anew")
		}
		must.M(err)
		f.Test = must.M1(imageflow.Score(m, p.Test, classes, testDraws, 1))
		bar.End("%d steps in %.0f s on %s, %.3f ± %.3f bits per dimension on new digits", steps, f.Result.Seconds, backend.Name(m.Backend()), f.Test.PerDim, f.Test.StdErr)
		return m.Save(f.Dir, nil)
	}))
	return f
}

// key abbreviates all that a training depends on besides the code.
func key(p Parts, c imageflow.Config, training fit.Config, b compute.Backend) string {
	sum := sha256.Sum256(must.M1(json.Marshal([]any{p, c, training, backend.Name(b)})))
	return "digits-" + hex.EncodeToString(sum[:4])
}

// model opens the flow: to draw a few pictures on pure Go, which starts at once, to score
// many on the fastest backend.
func (f Fitted) model(b compute.Backend) *flow.Model { return must.M1(flow.Load(b, f.Dir)) }

// LearningChart has the bits per dimension while the flow trained.
func (f Fitted) LearningChart() figure.Chart {
	train, valid := figure.Line{Name: "training"}, figure.Line{Name: "validation"}
	for _, p := range f.Result.Curve {
		train.XY = append(train.XY, []float64{float64(p.Step), f.Config.BitsPerDim(p.Train)})
		valid.XY = append(valid.XY, []float64{float64(p.Step), f.Config.BitsPerDim(p.Valid)})
	}
	return figure.Chart{X: "steps", Y: "bits per dimension", Lines: []figure.Line{train, valid}}
}

// GrowthPanel shows, from row to row, what the same latents became as training went on, at
// about twice as many steps each time.
func (f Fitted) GrowthPanel() figure.PicturePanel {
	panel := figure.PicturePanel{Columns: grown}
	for i := 0; i < len(f.Growth); i = 2*i + 1 {
		f.grow(&panel, f.Growth[i])
	}
	if n := len(f.Growth); n > 0 && (n+1)&n != 0 { // else the last is there
		f.grow(&panel, f.Growth[n-1])
	}
	return panel
}

func (f Fitted) grow(panel *figure.PicturePanel, g Growth) {
	s := &imageset.Set{Shape: f.Config.Image, Levels: f.Config.Levels, Pixels: g.Pixels}
	panel.Pictures = append(panel.Pictures, ink(s)...)
	for k := range s.Len() {
		text := ""
		if k == 0 {
			text = fmt.Sprintf("%d steps", g.Step)
		}
		panel.Below = append(panel.Below, text)
	}
}
