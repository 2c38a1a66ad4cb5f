// Package imagefit goes from pictures, a folder of PNG files or an NPY array of bytes, to
// a judged flow in a folder, and back to pictures: what package tabular does for tables.
package imagefit

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"

	"normflow/flowlib/fit"
	"normflow/flowlib/imageflow"
	"normflow/flowlib/imageset"
	"normflow/internal/whole"
)

// recordKind tells the record of a fit to pictures from others.
const recordKind = "flow fit, pictures"

// Record is what a model folder says of its fit.
type Record struct {
	Kind    string `json:"kind"`
	Program string `json:"program"`
	Created string `json:"created"` // RFC 3339
	Source  string `json:"source"`  // path of the pictures
	// Fingerprint is the SHA-256 of the pictures.
	Fingerprint string           `json:"fingerprint"`
	Config      imageflow.Config `json:"config"`
	Split       Split            `json:"split"`
	Reasons     []string         `json:"reasons"`
	Engine      string           `json:"engine"` // backend of the training
	// Classes are the names of the classes, if the flow is given them, and Shares how
	// frequent each is.
	Classes []string  `json:"classes,omitempty"`
	Shares  []float64 `json:"shares,omitempty"`

	Fit    fit.Config `json:"fit"`
	Result fit.Result `json:"result"` // NLLs in nats per picture, with noise

	// Given is what the pictures of the test cost, without one of the validation, given
	// their classes, if the flow is.
	Given *imageflow.Bits `json:"given_class,omitempty"`

	Valid imageflow.Bits  `json:"valid"`
	Test  *imageflow.Bits `json:"test,omitempty"` // absent if no picture is kept for it

	// HeldOut has the bits per dimension of each test picture, of each validation picture
	// if there is no test, to compare others with.
	HeldOut []float64 `json:"held_out"`
}

// Split says how the pictures were divided.
type Split struct {
	Seed  int64 `json:"seed"`
	Train int   `json:"train"`
	Valid int   `json:"valid"`
	Test  int   `json:"test"`
}

// IsPictures reports whether path holds pictures: a folder which is no model's, or an NPY
// array of at least three axes.
func IsPictures(path string) bool {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return !whole.IsModel(path)
	}
	return imageset.IsNPY(path)
}

// IsModel reports whether a folder holds a model that [Fit] made.
func IsModel(dir string) bool {
	const most = 64 << 20 // bytes, as package flow reads
	path := filepath.Join(dir, whole.ModelFile)
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() || info.Size() > most {
		return false // package flow says what is wrong
	}
	text, err := os.ReadFile(path)
	var head struct {
		Training struct {
			Kind string `json:"kind"`
		} `json:"training"`
	}
	return err == nil && json.Unmarshal(text, &head) == nil && head.Training.Kind == recordKind
}

// RecordOf returns the record of a model's fit, see [flow.Saved], or nil if the model is
// not of pictures.
func RecordOf(training json.RawMessage) *Record {
	r := &Record{}
	if json.Unmarshal(training, r) != nil || r.Kind != recordKind {
		return nil
	}
	return r
}

// Name says what the model is, as in "glow over pictures of 8×8 pixels, gray, 17 levels".
func (r *Record) Name() string {
	s := r.Config.Image
	given := ""
	if n := len(r.Classes); n > 0 {
		given = fmt.Sprintf(", given one of %d classes", n)
	}
	return fmt.Sprintf("glow over pictures of %d×%d pixels, %s, %d levels%s", s.Width, s.Height, channels(s.Channels), r.Config.Levels, given)
}

// fingerprint returns the SHA-256 of pictures, whatever file they were in.
func fingerprint(s *imageset.Set) string {
	return fmt.Sprintf("%x", sha256.Sum256(fmt.Appendf(nil, "%v\n%s", s.Shape, s.Pixels)))
}

// Read reads the pictures at path. names are those of the files, or numbers from 0.
func Read(path string) (s *imageset.Set, names []string, err error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return imageset.ReadFolder(path)
	}
	if s, err = imageset.ReadNPY(path); err != nil {
		return nil, nil, err
	}
	for i := range s.Len() {
		names = append(names, strconv.Itoa(i))
	}
	return s, names, nil
}

// check returns an error unless the record can be that of a model of so many features, and
// columns of context:
// nothing in an edited file is believed unless it can be true.
func (r *Record) check(features, context int) error {
	c := r.Config
	if c.Image.Height < 1 || c.Image.Width < 1 || c.Image.Channels < 1 || c.Image.Features() != features || c.Levels < 2 || c.Levels > 256 {
		return fmt.Errorf("config: pictures of %d×%d pixels, %d channels and %d levels for a model of %d numbers", c.Image.Width, c.Image.Height, c.Image.Channels, c.Levels, features)
	}
	if c.Classes != context {
		return fmt.Errorf("config: %d classes for a flow that is given one of %d", c.Classes, context)
	}
	if err := r.checkClasses(); err != nil {
		return err
	}
	if len(r.HeldOut) == 0 {
		return fmt.Errorf("held_out: found none, expected a number for each picture held out")
	}
	for i, v := range r.HeldOut {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("held_out[%d]: found %g", i, v)
		}
	}
	return nil
}
