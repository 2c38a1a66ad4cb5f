package pictures

import (
	"bytes"
	"compress/flate"
	"context"
	"fmt"
	"math"

	"github.com/janpfeifer/must"
	"gonum.org/v1/gonum/stat"

	"normflow/flowlib/anomaly"
	"normflow/flowlib/experiment"
	"normflow/flowlib/figure"
	"normflow/flowlib/imageflow"
	"normflow/flowlib/imageset"
	"normflow/notebooks/nb"
	"normflow/notebooks/nb/runs"
)

// Scored holds the bits per dimension of the test digits, of the validation digits and of
// each other kind of pictures.
type Scored struct {
	Test   []float64   `json:"test"`
	Valid  []float64   `json:"valid"`
	Others [][]float64 `json:"others"`

	parts Parts
	kinds []Kind
}

// Score scores the other kinds beside the digits, or returns at once what an earlier call
// has found.
func (f Fitted) Score(kinds []Kind) Scored {
	s := Scored{parts: f.Parts, kinds: kinds}
	must.M1(experiment.Once(context.Background(), f.Dir+"-others.json", &s, func() error {
		all := &imageset.Set{Shape: f.Config.Image, Levels: f.Config.Levels}
		sets := []*imageset.Set{f.Parts.Test, f.Parts.Valid}
		for _, k := range kinds {
			sets = append(sets, k.Set)
		}
		for _, set := range sets {
			all.Append(set)
		}
		bits, err := imageflow.Score(f.model(runs.Backend()), all, 0, testDraws, 1) // together, because every size is compiled separately
		if err != nil {
			return err
		}
		left := bits.Each
		for i, set := range sets {
			of := left[:set.Len()]
			left = left[set.Len():]
			switch i {
			case 0:
				s.Test = of
			case 1:
				s.Valid = of
			default:
				s.Others = append(s.Others, of)
			}
		}
		return nil
	}))
	return s
}

// A detector makes of pictures, and of the bits per dimension that the flow gives them,
// how normal each is: the higher the more.
type detector struct {
	name   string
	normal func(s Scored, pictures *imageset.Set, bits []float64) []float64
}

var detectors = []detector{
	{"likelihood", func(_ Scored, _ *imageset.Set, bits []float64) []float64 {
		return each(bits, func(_ int, b float64) float64 { return -b })
	}},
	{"typicality", func(s Scored, _ *imageset.Set, bits []float64) []float64 {
		mean := stat.Mean(s.Valid, nil)
		return each(bits, func(_ int, b float64) float64 { return -math.Abs(b - mean) })
	}},
	{"ratio to histograms", func(s Scored, pictures *imageset.Set, bits []float64) []float64 {
		h := imageset.NewHistogram(s.parts.Train)
		perDim := 1 / (math.Ln2 * float64(pictures.Shape.Features()))
		return each(bits, func(i int, b float64) float64 { return -h.LogProb(pictures.Picture(i))*perDim - b })
	}},
	{"ratio to a compressor", func(_ Scored, pictures *imageset.Set, bits []float64) []float64 {
		return each(bits, func(i int, b float64) float64 { return Deflated(pictures.Picture(i)) - b })
	}},
}

func each(values []float64, do func(i int, v float64) float64) []float64 {
	out := make([]float64, len(values))
	for i, v := range values {
		out[i] = do(i, v)
	}
	return out
}

// Deflated returns how many bits per pixel a general compressor needs for a picture, by
// Deflate, as in PNG and ZIP files.
func Deflated(picture []byte) float64 {
	var packed bytes.Buffer
	w := must.M1(flate.NewWriter(&packed, flate.BestCompression))
	must.M1(w.Write(picture))
	must.M(w.Close())
	return 8 * float64(packed.Len()) / float64(len(picture))
}

// auroc is the probability that a picture of a kind is less normal than a test digit.
func (s Scored) auroc(d detector, kind int) float64 {
	normal := d.normal(s, s.parts.Test, s.Test)
	return must.M1(anomaly.AUROC(normal, d.normal(s, s.kinds[kind].Set, s.Others[kind])))
}

// Table shows what each kind costs, and how well each detector tells it from digits.
func (s Scored) Table() { nb.Table(s.table()) }

func (s Scored) table() [][]string {
	head := []string{"", "bits per dimension"}
	for _, d := range detectors {
		head = append(head, d.name)
	}
	digits := []string{"new digits", fmt.Sprintf("%.2f", stat.Mean(s.Test, nil))}
	table := [][]string{head, append(digits, "", "", "", "")}
	for i, k := range s.kinds {
		row := []string{k.Name, fmt.Sprintf("%.2f", stat.Mean(s.Others[i], nil))}
		for _, d := range detectors {
			row = append(row, fmt.Sprintf("%.3f", s.auroc(d, i)))
		}
		table = append(table, row)
	}
	return table
}

// Histogram draws the costs of the digits and of the kinds with the given names.
func (s Scored) Histogram(info figure.Info, names ...string) figure.SVG {
	samples := []figure.Sample{{Name: "new digits", Values: s.Test}}
	for _, name := range names {
		for i, k := range s.kinds {
			if k.Name == name {
				samples = append(samples, figure.Sample{Name: name, Values: s.Others[i]})
			}
		}
	}
	return must.M1(figure.Histogram(info, "bits per dimension", nil, samples...))
}

// Answer says in words which kinds the flow finds likelier than digits, and what each
// remedy makes of them.
func (s Scored) Answer() { nb.Markdown(s.answer()) }

func (s Scored) answer() string {
	text := ""
	for i, k := range s.kinds {
		if a := s.auroc(detectors[0], i); a < 0.5 {
			text += fmt.Sprintf("- %s: %.2f bits per dimension, likelier than %.0f %% of the new digits", k.Name, stat.Mean(s.Others[i], nil), 100*(1-a))
			for _, d := range detectors[1:] {
				text += fmt.Sprintf("; %s %.3f", d.name, s.auroc(d, i))
			}
			text += "\n"
		}
	}
	if text == "" {
		return "None of these kinds is likelier than digits, to this flow."
	}
	text = "Likelier than the flow's own digits, with the AUROC of the remedies:\n\n" + text + "\nThe least AUROC over all kinds, likelier or not:\n\n"
	for _, d := range detectors {
		least, at := 2.0, ""
		for i, k := range s.kinds {
			if a := s.auroc(d, i); a < least {
				least, at = a, k.Name
			}
		}
		text += fmt.Sprintf("- %s: %.3f (%s)\n", d.name, least, at)
	}
	return text
}
