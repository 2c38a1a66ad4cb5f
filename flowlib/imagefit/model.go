package imagefit

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"

	"github.com/gomlx/compute"
	"gonum.org/v1/gonum/floats"

	"normflow/flowlib/anomaly"
	"normflow/flowlib/backend"
	"normflow/flowlib/density"
	"normflow/flowlib/flow"
	"normflow/flowlib/imageflow"
	"normflow/flowlib/imageset"
	"normflow/internal/show"
)

// Model is a flow over pictures that is ready to score and draw.
type Model struct {
	Dir    string
	Record *Record
	Engine string // name of the backend
	model  *flow.Model
}

// Open reads a model that [Fit] made. engine is as in [FitConfig].
func Open(dir, engine string) (*Model, error) {
	b, err := openBackend(engine)
	if err != nil {
		return nil, err
	}
	saved, err := flow.Read(dir)
	if err != nil {
		return nil, err
	}
	r := &Record{}
	if err := json.Unmarshal(saved.Training, r); err == nil {
		err = r.check(saved.Features(), saved.Context())
		if err != nil {
			return nil, fmt.Errorf("loading %s: model.json: training: %w: the file is edited or damaged: fit the model again", show.Path(dir), err)
		}
	} else {
		return nil, fmt.Errorf("loading %s: model.json: training: %w", show.Path(dir), err)
	}
	m, err := saved.Model(b)
	if err != nil {
		return nil, fmt.Errorf("loading %s: %w", show.Path(dir), err)
	}
	return &Model{dir, r, backend.Name(b), m}, nil
}

// NotFast says why a backend computes flows over pictures.
const NotFast = "the engine fast has no layers for pictures"

// openBackend opens a backend by name; "" and auto are the best there is.
func openBackend(engine string) (compute.Backend, error) {
	switch engine {
	case "auto":
		engine = ""
	case "fast":
		return nil, errors.New(NotFast + ": use auto, xla:cpu or go")
	}
	return backend.Open(engine)
}

// mostDrawn is how many bytes of pictures are drawn at once: they are held in memory.
const mostDrawn = 1 << 30

// Scores is what pictures cost.
type Scores struct {
	imageflow.Bits
	Names   []string  // of the pictures
	LogProb []float64 // lower bounds of ln Q, nats per picture
	PValue  []float64 // share of the held-out pictures that are at least as unlikely
	HeldOut float64   // mean bits per dimension of the held-out pictures
	Same    bool      // these are the pictures that the model was fitted to

	// Of a model that is given the class: the most probable class of each picture and its
	// probability. Given is what pictures of known classes cost given these, and
	// Recognized the share of them whose most probable class is theirs.
	Class      []string
	ClassProb  []float64
	Given      *imageflow.Bits
	Recognized float64
	Unknown    string // says which class the model does not know; then theirs count as not known

	calibrated int // number of held-out pictures
}

// Score judges the pictures at path, and returns them too.
func (m *Model) Score(path string) (*Scores, *imageset.Set, error) {
	if _, err := os.Stat(path); err == nil && !IsPictures(path) {
		return nil, nil, fmt.Errorf("%s: expected a folder of PNG files or an NPY array of bytes, since the model %s is of pictures", show.Path(path), show.Path(m.Dir))
	}
	pictures, names, err := Read(path)
	if err != nil {
		return nil, nil, err
	}
	c := m.Record.Config
	if pictures.Shape != c.Image {
		s := pictures.Shape
		return nil, nil, fmt.Errorf("%s: pictures of %d×%d pixels, %s, expected %d×%d, %s, as the model knows", show.Path(path),
			s.Width, s.Height, channels(s.Channels), c.Image.Width, c.Image.Height, channels(c.Image.Channels))
	}
	if i := slices.IndexFunc(pictures.Pixels, func(v byte) bool { return int(v) >= c.Levels }); i >= 0 {
		return nil, nil, fmt.Errorf("%s: picture %s holds %d, expected 0 to %d, the levels of the pictures that the model was fitted to", show.Path(path),
			show.Name(names[i/c.Image.Features()]), pictures.Pixels[i], c.Levels-1)
	}
	s := &Scores{Unknown: m.Record.relabel(pictures), Names: names, Same: fingerprint(pictures) == m.Record.Fingerprint, calibrated: len(m.Record.HeldOut)}
	s.HeldOut, _ = imageflow.Mean(m.Record.HeldOut)
	var classes [][]float64
	if s.Bits, classes, err = m.Record.score(m.model, pictures); err != nil {
		return nil, nil, err
	}
	if err := s.recognize(m, classes, pictures); err != nil {
		return nil, nil, err
	}
	var heldOut []float64
	nats := -math.Ln2 * float64(c.Image.Features())
	for _, bits := range m.Record.HeldOut {
		heldOut = append(heldOut, nats*bits)
	}
	for _, bits := range s.Each {
		s.LogProb = append(s.LogProb, nats*bits)
	}
	s.PValue, err = anomaly.PValues(heldOut, s.LogProb)
	return s, pictures, err
}

// recognize sets what s says of classes.
func (s *Scores) recognize(m *Model, classes [][]float64, pictures *imageset.Set) error {
	recognized := 0
	for i, of := range classes {
		most := floats.MaxIdx(of)
		s.Class, s.ClassProb = append(s.Class, m.Record.Classes[most]), append(s.ClassProb, of[most])
		if pictures.Labels != nil && pictures.Labels[i] == most {
			recognized++
		}
	}
	if pictures.Labels == nil {
		return nil
	}
	s.Recognized = float64(recognized) / float64(len(classes))
	given, err := imageflow.Score(m.model, pictures, len(m.Record.Classes), draws, noiseSeed)
	s.Given = &given
	return err
}

// scorer returns the density of pictures, whatever their class.
func (m *Model) scorer() density.Scorer {
	if len(m.Record.Classes) > 0 {
		return imageflow.Mixture{By: m.model, Shares: m.Record.Shares}
	}
	return m.model
}

// Sample draws pictures. A temperature below 1 keeps them where the density is high. Where
// the model is given the class, that of the draws is the one named, or with "" any, as
// frequent as in the training and sorted.
func (m *Model) Sample(count int, class string, temperature float64, seed int64) (*imageset.Set, error) {
	c := m.Record.Config
	if most := mostDrawn / c.Image.Features(); count < 1 || count > most {
		return nil, fmt.Errorf("expected 1 to %d pictures, found %d", most, count)
	}
	contexts, err := m.Record.contexts(class, count, seed)
	if err != nil {
		return nil, err
	}
	drawn, _, err := c.Draw(m.model, flow.Sampling{Count: count, Temperature: temperature, Seed: seed, Context: contexts})
	if err != nil {
		return nil, err
	}
	drawn.Classes = m.Record.Classes
	return drawn, nil
}
