package figure_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"normflow/flowlib/figure"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

var about = figure.Info{Title: `Ends & means`, Description: `What "a < b" shows.`}

// few is a handful of points, enough for a golden file.
func few() [][]float64 { return [][]float64{{-1, 0}, {-0.5, 0.8}, {0, 1}, {0.5, 0.2}, {1, -0.4}} }

// states are those of a training in which the points come together.
func states() (all []figure.State) {
	for i := range 4 {
		s := figure.State{Step: 10 * i * i, LogLikelihood: -4 + 0.9*float64(i)}
		for _, p := range few() {
			s.Points = append(s.Points, []float64{p[0] / float64(i+1), p[1] / float64(i+1)})
		}
		all = append(all, s)
	}
	return all
}

// small has one small picture of every kind.
var small = []struct {
	name string
	draw func() (figure.SVG, error)
}{
	{"scatter", func() (figure.SVG, error) {
		return figure.Scatter(about, figure.Panel("data", few()), figure.ScatterPanel{Name: "two groups", Groups: []figure.Group{
			{Name: "normal", Points: few()[:3]}, {Name: "anomalous", Points: few()[3:]},
		}})
	}},
	{"density", func() (figure.SVG, error) {
		return figure.Density(about, figure.DensityPanel{
			Name: "density", Values: [][]float64{{0, 0.1, 0}, {0.1, 0.4, 0.2}}, XMin: -1.5, XMax: 1.5, YMin: -1, YMax: 1,
			Overlay: few(),
		})
	}},
	{"density-points", func() (figure.SVG, error) {
		half := about
		half.Half = true
		density := figure.DensityPanel{Name: "truth", Values: [][]float64{{0, 0.1}, {0.1, 0.4}}, XMin: -2, XMax: 2, YMin: -2, YMax: 2}
		learned, points := density, density
		learned.Name, points.Name, points.Values, points.Overlay = "flow", "samples", nil, few()
		return figure.Density(half, density, learned, points)
	}},
	{"layers", func() (figure.SVG, error) {
		z := few()
		return figure.Layers(about, figure.Angle(z), figure.Stage{Name: "latent z", Points: z, Latent: true},
			figure.Stage{Name: "after layer 1", Points: z}, figure.Stage{Name: "data x", Points: z})
	}},
	{"grid", func() (figure.SVG, error) { return figure.WarpedGrid(about, regularGrid(3, 3), regularGrid(2, 2)) }},
	{"curves", func() (figure.SVG, error) {
		rows := [][]float64{{0, -50}, {50, -3}, {100, -2.2}, {150, -2.1}, {200, -2.05}}
		return figure.Curves(about, figure.CurvePanel{
			Name: "two moons", Training: rows, Validation: rows[1:], Limit: &figure.Mark{Name: "−entropy", Value: -2},
		})
	}},
	{"layercounts", func() (figure.SVG, error) {
		return figure.LayerCounts(about, &figure.Band{Name: "noise", Low: 0.01, High: 0.02},
			figure.LayerSeries{Name: "affine", Layers: []int{2, 4, 8}, KL: [][]float64{{0.5, 0.4, 0.6}, {0.1, 0.08, 0.09}, {0.02, 0.03, 0.025}}})
	}},
	{"histogram", func() (figure.SVG, error) {
		return figure.Histogram(about, "log-probability (nats)", &figure.Mark{Name: "threshold", Value: -3},
			figure.Sample{Name: "normal", Values: []float64{-1, -1.2, -2, -1.5}}, figure.Sample{Name: "anomalous", Values: []float64{-2, -4, -900}})
	}},
	{"lines", func() (figure.SVG, error) {
		return figure.Lines(about, figure.Chart{Name: "one", X: "x", Y: "density", Lines: []figure.Line{{Name: "line", XY: few()}}},
			figure.Chart{Name: "two", X: "points", Y: "mean", LogX: true, Limit: &figure.Mark{Name: "limit", Value: 1.5}, Lines: []figure.Line{
				{Name: "mean", XY: [][]float64{{1, 1}, {10, 1.4}, {100, 1.5}}, Low: []float64{0, 1.1, 1.4}, High: []float64{2, 1.7, 1.6}},
			}})
	}},
	{"lines-dots", func() (figure.SVG, error) {
		return figure.Lines(about, figure.Chart{X: "x", Y: "g(x)", Lines: []figure.Line{{Name: "curve", XY: few()}, {Name: "knots", XY: few()[1:3], Dots: true}}})
	}},
	{"lines-log", func() (figure.SVG, error) {
		return figure.Lines(about, figure.Chart{X: "h", Y: "remainder", LogX: true, LogY: true, Limit: &figure.Mark{Name: "limit", Value: 0.001},
			Lines: []figure.Line{{Name: "slope 1", XY: [][]float64{{1e-4, 1e-4}, {1, 1}}}, {Name: "slope 2", XY: [][]float64{{1e-4, 1e-8}, {1, 1}}}}})
	}},
	{"compare", func() (figure.SVG, error) {
		return figure.Compare(about, "KL (nats)", []string{"plain", "+ LU"}, []string{"affine", "spline"},
			figure.ComparePanel{Name: "moons", Values: [][][]float64{{{0.02, 0.03, 0.01}, {0.005}}, {{0.02, 0.02, 0.03}, {0.004, 0.003}}}},
			figure.ComparePanel{Name: "spirals", Values: [][][]float64{{{0.3, 0.4, 0.2}, {0.05}}, {{0.2, 0.1, 0.15}, {0.03, 0.04}}}})
	}},
	{"compare-once", func() (figure.SVG, error) {
		return figure.Compare(about, "samples per second", []string{"by hand", "autodiff"}, []string{"1 thread", "2 threads"},
			figure.ComparePanel{Name: "batch 256", Values: [][][]float64{{{2e5}, {4e5}}, {{1e4}, {1.5e4}}}})
	}},
	{"ranges", func() (figure.SVG, error) {
		return figure.Ranges(about, "standard deviations", "usual", "this one", []string{"height", "weight"}, []figure.Range{{Low: -1.6, Middle: 0, High: 1.7}, {Low: -1, Middle: -0.2, High: 2}},
			figure.RangePanel{Name: "strange", Values: []float64{40, -30}}, figure.RangePanel{Name: "usual", Values: []float64{1, 4}})
	}},
	{"thumbnails", func() (figure.SVG, error) {
		return figure.Thumbnails(about, figure.DensityPanel{Name: "one", Values: [][]float64{{0, 0.1}, {0.1, 0.4}}, XMax: 1, YMax: 1},
			figure.DensityPanel{Name: "two", Values: [][]float64{{7, 0}, {1, 2}}, XMin: -4, XMax: 4, YMin: 1, YMax: 9})
	}},
	{"pictures", func() (figure.SVG, error) {
		cross := [][]float64{{0, 1, 0}, {1, 0.5, 1}}
		return figure.Pictures(about, 2, figure.PicturePanel{Name: "drawn", Columns: 2, Pictures: [][][]float64{cross, cross, cross}, Below: []string{"1.9", "2", "7"}},
			figure.PicturePanel{Name: "where", Columns: 2, Heat: true, Pictures: [][][]float64{cross}})
	}},
	{"learning", func() (figure.SVG, error) {
		return figure.Learning(about, few(), figure.Mark{Name: "−entropy", Value: -1}, states()...)
	}},
	{"live", func() (figure.SVG, error) { return figure.Live(about, live()) }},
	{"bars", func() (figure.SVG, error) {
		half := about
		half.Half = true
		return figure.Bars(half, "time (ms)", figure.Bar{Name: "by hand", Value: 2, Text: "2 ms"}, figure.Bar{Name: "autodiff", Value: 5, Text: "5 ms"})
	}},
}

func live() figure.LiveState {
	truth := figure.DensityPanel{Name: "truth", Values: [][]float64{{0, 0.1}, {0.1, 0.4}}, XMax: 2, YMax: 2}
	learned := truth
	learned.Name, learned.Values = "learned", [][]float64{{0.1, 0.1}, {0.9, 0}}
	return figure.LiveState{
		Truth: truth, Learned: learned, Samples: [][]float64{{1, 1}, {5, 0}}, Events: few(),
		Curve: [][]float64{{0, -9}, {50, -2.5}, {100, -2.2}}, Shown: 1, Steps: 200, Limit: figure.Mark{Name: "−H", Value: -2},
	}
}

func TestGolden(t *testing.T) {
	for _, tt := range small {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.draw()
			if err != nil {
				t.Fatal(err)
			}
			again, err := tt.draw()
			if err != nil || !bytes.Equal(got, again) {
				t.Errorf("a second call gives other bytes (error %v)", err)
			}
			path := filepath.Join("testdata", tt.name+".svg")
			if *update {
				if err := os.WriteFile(path, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				wrong := filepath.Join(t.ArtifactDir(), tt.name+".svg")
				_ = os.WriteFile(wrong, got, 0o644)
				t.Errorf("differs from %s; look at both (keep the new one with -artifacts), then run with -update", path)
			}
		})
	}
}

// TestDocument reads every picture as a browser would.
// picture is one that an SVG contains; its letters may spell anything.
var picture = regexp.MustCompile(`data:image/png;base64,[A-Za-z0-9+/=]+`)

func TestDocument(t *testing.T) {
	ids := map[string]string{}
	for _, tt := range small {
		svg, err := tt.draw()
		if err != nil {
			t.Fatal(err)
		}
		var doc struct {
			XMLName xml.Name
			Role    string `xml:"role,attr"`
			ViewBox string `xml:"viewBox,attr"`
			Label   string `xml:"aria-labelledby,attr"`
			Title   struct {
				ID   string `xml:"id,attr"`
				Text string `xml:",chardata"`
			} `xml:"title"`
			Desc struct {
				ID   string `xml:"id,attr"`
				Text string `xml:",chardata"`
			} `xml:"desc"`
		}
		if err := xml.Unmarshal(svg, &doc); err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if doc.XMLName.Space != "http://www.w3.org/2000/svg" || doc.Role != "img" || doc.ViewBox == "" {
			t.Errorf("%s: root is %v, role %q, viewBox %q", tt.name, doc.XMLName, doc.Role, doc.ViewBox)
		}
		if doc.Title.Text != about.Title || doc.Desc.Text != about.Description {
			t.Errorf("%s: title %q, description %q", tt.name, doc.Title.Text, doc.Desc.Text)
		}
		if want := doc.Title.ID + " " + doc.Desc.ID; doc.Label != want {
			t.Errorf("%s: aria-labelledby is %q, the ids are %q", tt.name, doc.Label, want)
		}
		if other, taken := ids[doc.Title.ID]; taken {
			t.Errorf("%s and %s share the id %s", tt.name, other, doc.Title.ID)
		}
		ids[doc.Title.ID] = tt.name
		// Nothing may be fetched when the picture is shown.
		text := strings.ReplaceAll(string(svg), `xmlns="http://www.w3.org/2000/svg"`, "")
		if text = picture.ReplaceAllString(text, ""); strings.Contains(text, "http") {
			t.Errorf("%s: names an address", tt.name)
		}
		everythingIsInside(t, tt.name, svg)
	}
}

// everythingIsInside checks that every text starts inside the picture.
func everythingIsInside(t *testing.T, name string, svg figure.SVG) {
	t.Helper()
	type place struct {
		X       float64 `xml:"x,attr"`
		Y       float64 `xml:"y,attr"`
		Content string  `xml:",chardata"`
	}
	var width, height float64
	decoder := xml.NewDecoder(bytes.NewReader(svg))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		switch start.Name.Local {
		case "rect":
			var card struct {
				Width  float64 `xml:"width,attr"`
				Height float64 `xml:"height,attr"`
			}
			if err := decoder.DecodeElement(&card, &start); err != nil {
				t.Fatal(err)
			}
			width, height = card.Width, card.Height
		case "text":
			var p place
			if err := decoder.DecodeElement(&p, &start); err != nil {
				t.Fatal(err)
			}
			if !(p.X >= 0 && p.X <= width && p.Y >= 8 && p.Y <= height-2) {
				t.Errorf("%s: text %q stands at (%v, %v) in a picture of %v by %v", name, p.Content, p.X, p.Y, width, height)
			}
		}
	}
}

// TestDegenerate draws what has no extent.
func TestDegenerate(t *testing.T) {
	one := [][]float64{{3, 3}}
	for name, draw := range map[string]func() (figure.SVG, error){
		"scatter": func() (figure.SVG, error) { return figure.Scatter(about, figure.Panel("", one)) },
		"layers":  func() (figure.SVG, error) { return figure.Layers(about, []float64{1}, figure.Stage{Points: one}) },
		"curves": func() (figure.SVG, error) {
			return figure.Curves(about, figure.CurvePanel{Validation: [][]float64{{0, 1}}})
		},
		"counts": func() (figure.SVG, error) {
			return figure.LayerCounts(about, nil, figure.LayerSeries{Layers: []int{4}, KL: [][]float64{{0.1}}})
		},
		"zero counts": func() (figure.SVG, error) {
			return figure.LayerCounts(about, nil, figure.LayerSeries{Layers: []int{4}, KL: [][]float64{{0}}})
		},
		"histogram": func() (figure.SVG, error) {
			return figure.Histogram(about, "x", nil, figure.Sample{Values: []float64{2, 2}})
		},
		"lines": func() (figure.SVG, error) {
			return figure.Lines(about, figure.Chart{LogX: true, Lines: []figure.Line{{XY: [][]float64{{1, 0}}}}})
		},
		"lines log": func() (figure.SVG, error) {
			return figure.Lines(about, figure.Chart{LogX: true, LogY: true, Lines: []figure.Line{{XY: [][]float64{{0.1, 0.1}}}}})
		},
		"compare": func() (figure.SVG, error) {
			return figure.Compare(about, "x", []string{""}, []string{""}, figure.ComparePanel{Values: [][][]float64{{{0}}}})
		},
		"compare negative": func() (figure.SVG, error) {
			return figure.Compare(about, "x", []string{"a", "b"}, []string{""}, figure.ComparePanel{Values: [][][]float64{{{-0.1}}, {{100}}}})
		},
		"ranges": func() (figure.SVG, error) {
			return figure.Ranges(about, "x", "", "", []string{""}, []figure.Range{{}}, figure.RangePanel{Values: []float64{0}})
		},
		"thumbnails": func() (figure.SVG, error) {
			return figure.Thumbnails(about, figure.DensityPanel{Values: [][]float64{{1}}, XMax: 1, YMax: 1})
		},
		"bars": func() (figure.SVG, error) { return figure.Bars(about, "x", figure.Bar{Name: "none"}) },
	} {
		svg, err := draw()
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if text := string(svg); strings.Contains(text, "NaN") || strings.Contains(text, "Inf") || strings.Contains(text, "e+") {
			t.Errorf("%s: coordinates are not finite", name)
		}
	}
}

// A long text beside the longest bar is not cut off at the edge.
func TestTextsOfBarsAreInside(t *testing.T) {
	const text = "0.85 ± 0.11: 13 % of the model"
	svg, err := figure.Bars(about, "nats", figure.Bar{Name: "gaussian mixture", Value: 0.85, Text: text}, figure.Bar{Name: "nsf", Value: 0.1, Text: text})
	if err != nil {
		t.Fatal(err)
	}
	for _, place := range regexp.MustCompile(`<text x="([0-9.]+)"[^>]*>0\.85 ±`).FindAllStringSubmatch(string(svg), -1) {
		x, err := strconv.ParseFloat(place[1], 64)
		if right := x + 0.5*11.5*float64(len([]rune(text))); err != nil || right > 720 {
			t.Errorf("a text from %g to about %g, in a picture 720 wide", x, right)
		}
	}
}
