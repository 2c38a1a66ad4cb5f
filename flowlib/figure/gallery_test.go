package figure_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"normflow/flowlib/figure"
)

// budget is what one picture may weigh: a page with ten of them still opens at once.
const budget = 300_000

// TestGallery draws every kind of figure at the size notebooks use and weighs
// it. To look at them: FIGURE_GALLERY=/tmp/gallery go test -run Gallery ./flowlib/figure
func TestGallery(t *testing.T) {
	dir := os.Getenv("FIGURE_GALLERY")
	if dir == "" {
		dir = t.TempDir()
	} else if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, draw := range gallery() {
		svg, err := draw()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(svg) > budget {
			t.Errorf("%s: %d bytes, more than %d", name, len(svg), budget)
		}
		t.Logf("%-16s %7d bytes", name, len(svg))
		if err := os.WriteFile(filepath.Join(dir, name+".svg"), svg, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func gallery() map[string]func() (figure.SVG, error) {
	about := func(title string) figure.Info {
		return figure.Info{Title: title, Description: "A figure of the gallery: " + title + "."}
	}
	half := func(title string) figure.Info {
		i := about(title)
		i.Half = true
		return i
	}
	curves := func(limit float64, seed int64) figure.CurvePanel {
		r := rand.New(rand.NewPCG(uint64(seed), 1))
		p := figure.CurvePanel{Name: "two moons", Limit: &figure.Mark{Name: "−entropy", Value: limit}}
		for step := 0; step <= 5000; step += 10 {
			at := limit - 0.02 - 1.9*math.Exp(-float64(step)/60) - 0.25*math.Exp(-float64(step)/900)
			if step < 60 {
				at -= 40 * math.Exp(-float64(step)/10)
			}
			p.Training = append(p.Training, []float64{float64(step), at + 0.06*r.NormFloat64()})
			if step%100 == 0 {
				p.Validation = append(p.Validation, []float64{float64(step), at - 0.004})
			}
		}
		return p
	}
	grid := func(n int, density func(x, y float64) float64) figure.DensityPanel {
		p := figure.DensityPanel{XMin: -1.6, XMax: 2.6, YMin: -1.1, YMax: 1.6}
		ny := int(float64(n) * 2.7 / 4.2)
		for j := range ny {
			row := make([]float64, n)
			for i := range row {
				row[i] = density(p.XMin+(float64(i)+0.5)*4.2/float64(n), p.YMin+(float64(j)+0.5)*2.7/float64(ny))
			}
			p.Values = append(p.Values, row)
		}
		return p
	}
	board := func(n int) figure.DensityPanel {
		p := figure.DensityPanel{Name: "checkerboard", XMin: -4.5, XMax: 4.5, YMin: -4.5, YMax: 4.5}
		for j := range n {
			row := make([]float64, n)
			for i := range row {
				x, y := -4.5+9*(float64(i)+0.5)/float64(n), -4.5+9*(float64(j)+0.5)/float64(n)
				soft := 1 / (1 + math.Exp(-12*math.Sin(math.Pi*x/2)*math.Sin(math.Pi*y/2)))
				if math.Abs(x) < 4 && math.Abs(y) < 4 {
					row[i] = soft / 32
				}
			}
			p.Values = append(p.Values, row)
		}
		return p
	}
	stages := func(layers, n int) ([]float64, []figure.Stage) {
		r := rand.New(rand.NewPCG(3, 3))
		z := make([][]float64, n)
		for i := range z {
			z[i] = []float64{r.NormFloat64(), r.NormFloat64()}
		}
		var out []figure.Stage
		for k := range layers + 1 {
			points := make([][]float64, n)
			for i, row := range z {
				share := float64(k) / float64(layers)
				x := row[0] * (1 - 0.25*share)
				points[i] = []float64{x, row[1]*(1-0.75*share) + share*1.3*math.Sin(2*x)}
			}
			stage := figure.Stage{Name: fmt.Sprintf("after layer %d", k), Points: points}
			switch k {
			case 0:
				stage.Name, stage.Latent = "latent z", true
			case layers:
				stage.Name = "data x"
			}
			out = append(out, stage)
		}
		return figure.Angle(z), out
	}
	moons := func(x, y float64) float64 {
		const s = 0.1
		sum := 0.0
		for k := range 100 {
			u := math.Pi * (float64(k) + 0.5) / 100
			for _, m := range [][2]float64{{math.Cos(u), math.Sin(u)}, {1 - math.Cos(u), 0.5 - math.Sin(u)}} {
				sum += math.Exp(-((x-m[0])*(x-m[0])+(y-m[1])*(y-m[1]))/(2*s*s)) / 200
			}
		}
		return sum / (2 * math.Pi * s * s)
	}
	series := figure.LayerSeries{
		Name: "affine", Layers: []int{2, 4, 6, 8, 12},
		KL: [][]float64{{0.41, 0.38, 0.47}, {0.062, 0.055, 0.081}, {0.024, 0.027, 0.031}, {0.016, 0.018, 0.022}, {0.013, 0.019, 0.012}},
	}
	other := series
	other.Name, other.KL = "with ActNorm", [][]float64{{0.36, 0.33, 0.35}, {0.05, 0.049, 0.061}, {0.019, 0.022, 0.021}, {0.014, 0.012, 0.015}, {0.011, 0.012, 0.010}}

	return map[string]func() (figure.SVG, error){
		"scatter": func() (figure.SVG, error) {
			return figure.Scatter(about("data and samples"), figure.Panel("data", twoMoons(1, 1500)), figure.Panel("samples", twoMoons(2, 1500)))
		},
		"scatter-half": func() (figure.SVG, error) {
			return figure.Scatter(half("data and samples"), figure.Panel("data", twoMoons(1, 1500)), figure.Panel("samples", twoMoons(2, 1500)))
		},
		"scatter-groups": func() (figure.SVG, error) {
			r := rand.New(rand.NewPCG(9, 9))
			var odd [][]float64
			for range 150 {
				odd = append(odd, []float64{-1.5 + 4*r.Float64(), -1 + 2.5*r.Float64()})
			}
			groups := []figure.Group{{Name: "normal", Points: twoMoons(1, 800)}, {Name: "anomalous", Points: odd}}
			return figure.Scatter(about("normal and anomalous"), figure.ScatterPanel{Name: "held-out points", Groups: groups},
				figure.ScatterPanel{Name: "flagged", Groups: groups}, figure.ScatterPanel{Name: "missed", Groups: groups[:1]})
		},
		"density": func() (figure.SVG, error) {
			a, b, c := grid(240, moons), grid(240, moons), grid(240, moons)
			a.Name, b.Name, c.Name = "true density", "learned density", "with samples"
			c.Overlay = twoMoons(5, 250)
			return figure.Density(about("densities"), a, b, c)
		},
		"density-board": func() (figure.SVG, error) {
			a, b := board(200), board(200)
			b.Name = "learned"
			return figure.Density(about("checkerboard"), a, b)
		},
		"density-half": func() (figure.SVG, error) {
			a := grid(240, moons)
			a.Name = "learned density"
			return figure.Density(half("moons"), a)
		},
		"layers-4": func() (figure.SVG, error) {
			values, s := stages(4, 1500)
			return figure.Layers(about("latent to data in four layers"), values, s...)
		},
		"layers-8": func() (figure.SVG, error) {
			values, s := stages(8, 1500)
			return figure.Layers(about("latent to data in eight layers"), values, s...)
		},
		"layers-6": func() (figure.SVG, error) {
			values, s := stages(6, 800)
			return figure.Layers(about("latent to data in six layers"), values, s...)
		},
		"grid": func() (figure.SVG, error) {
			straight := regularGrid(13, 81)
			bent := figure.GridPanel{Name: "its image under one coupling layer"}
			bend := func(set [][][]float64) (out [][][]float64) {
				for _, line := range set {
					var l [][]float64
					for _, row := range line {
						l = append(l, []float64{row[0], row[1]*math.Exp(0.5*math.Sin(row[0])) + 0.7*math.Cos(1.5*row[0])})
					}
					out = append(out, l)
				}
				return out
			}
			bent.Horizontal, bent.Vertical = bend(straight.Horizontal), bend(straight.Vertical)
			return figure.WarpedGrid(about("a warped grid"), straight, bent)
		},
		"curves": func() (figure.SVG, error) {
			a, b := curves(-0.62, 1), curves(-3.466, 2)
			b.Name = "checkerboard"
			return figure.Curves(about("training curves"), a, b)
		},
		"curves-half": func() (figure.SVG, error) { return figure.Curves(half("training curve"), curves(-0.62, 1)) },
		"curves-one":  func() (figure.SVG, error) { return figure.Curves(about("training curve"), curves(-0.62, 1)) },
		"layercounts": func() (figure.SVG, error) {
			return figure.LayerCounts(about("KL against layers"), &figure.Band{Name: "noise of the estimate", Low: 0.01, High: 0.014}, series, other)
		},
		"layercounts-half": func() (figure.SVG, error) {
			s := series
			s.Name = ""
			return figure.LayerCounts(half("KL against layers"), nil, s)
		},
		"layercounts-linear": func() (figure.SVG, error) {
			s := figure.LayerSeries{Layers: []int{2, 4, 8}, KL: [][]float64{{0.05, 0.06, 0.045}, {0.02, 0.03, 0.021}, {0.012, -0.002, 0.008}}}
			return figure.LayerCounts(about("KL against layers"), nil, s)
		},
		"histogram": func() (figure.SVG, error) {
			r := rand.New(rand.NewPCG(4, 4))
			normal, odd := figure.Sample{Name: "normal"}, figure.Sample{Name: "anomalous"}
			for range 2000 {
				normal.Values = append(normal.Values, -0.3-0.7*r.ExpFloat64())
				odd.Values = append(odd.Values, -2-12*r.ExpFloat64())
			}
			return figure.Histogram(about("scores"), "log-probability (nats)", &figure.Mark{Name: "threshold", Value: -3.2}, normal, odd)
		},
		"histogram-half": func() (figure.SVG, error) {
			r := rand.New(rand.NewPCG(4, 4))
			normal, odd := figure.Sample{Name: "normal"}, figure.Sample{Name: "anomalous"}
			for range 2000 {
				normal.Values = append(normal.Values, 3+r.NormFloat64())
				odd.Values = append(odd.Values, 8+2*r.NormFloat64())
			}
			return figure.Histogram(half("scores"), "anomaly score −log p (nats)", &figure.Mark{Name: "threshold", Value: 5.3}, normal, odd)
		},
		"lines": func() (figure.SVG, error) {
			one, two, mean := figure.Line{Name: "base density"}, figure.Line{Name: "density of x"}, figure.Line{Name: "running mean"}
			for x := -4.0; x <= 4.0001; x += 0.05 {
				one.XY = append(one.XY, []float64{x, math.Exp(-x*x/2) / math.Sqrt(2*math.Pi)})
				two.XY = append(two.XY, []float64{x, 0.5*math.Exp(-(x-1)*(x-1)*2)/math.Sqrt(math.Pi/2) + 0.5*math.Exp(-(x+1)*(x+1)*2)/math.Sqrt(math.Pi/2)})
			}
			r := rand.New(rand.NewPCG(8, 8))
			sum := 0.0
			for n := 1; n <= 20000; n++ {
				sum += -1.4 + r.NormFloat64()
				if n < 100 || n%50 == 0 {
					mean.XY = append(mean.XY, []float64{float64(n), sum / float64(n)})
					mean.Low = append(mean.Low, sum/float64(n)-2/math.Sqrt(float64(n)))
					mean.High = append(mean.High, sum/float64(n)+2/math.Sqrt(float64(n)))
				}
			}
			return figure.Lines(about("lines"), figure.Chart{Name: "one dimension", X: "x", Y: "density", Lines: []figure.Line{one, two}},
				figure.Chart{Name: "Monte Carlo", X: "points", Y: "mean log p (nats)", LogX: true, Lines: []figure.Line{mean}, Limit: &figure.Mark{Name: "−entropy", Value: -1.4}})
		},
		"compare": func() (figure.SVG, error) {
			return figure.Compare(about("what layers add"), "KL (nats)", variants, kinds, ablation()...)
		},
		"compare-half": func() (figure.SVG, error) {
			return figure.Compare(half("what layers add"), "KL (nats)", variants, kinds, ablation()...)
		},
		"thumbnails": func() (figure.SVG, error) {
			var panels []figure.DensityPanel
			for i := range 9 {
				p := board(150)
				p.Name = fmt.Sprintf("density %d, H = 3.466", i+1)
				panels = append(panels, p)
			}
			return figure.Thumbnails(about("nine densities"), panels...)
		},
		"bars": func() (figure.SVG, error) {
			return figure.Bars(about("speed"), "time per step (ms)", figure.Bar{Name: "by hand, float64", Value: 9.4, Text: "9.4 ms"},
				figure.Bar{Name: "autodiff, pure Go", Value: 21, Text: "21 ms"}, figure.Bar{Name: "autodiff, XLA", Value: 2.5, Text: "2.5 ms"})
		},
	}
}

var variants, kinds = []string{"plain", "+ ActNorm", "+ LU", "+ both"}, []string{"affine", "spline"}

// ablation has three seeds of each variant and kind, on three data sets.
func ablation() (panels []figure.ComparePanel) {
	r := rand.New(rand.NewPCG(7, 7))
	for i, level := range []float64{0.014, 0.12, 0.25} {
		panel := figure.ComparePanel{Name: []string{"two moons", "checkerboard", "spirals"}[i]}
		for v := range variants {
			var row [][]float64
			for k := range kinds {
				var seeds []float64
				for range 3 {
					seeds = append(seeds, level*math.Pow(0.2, float64(k))*math.Pow(0.85, float64(v))*math.Exp(0.2*r.NormFloat64()))
				}
				row = append(row, seeds)
			}
			panel.Values = append(panel.Values, row)
		}
		panels = append(panels, panel)
	}
	return panels
}

func twoMoons(seed int64, n int) [][]float64 {
	r := rand.New(rand.NewPCG(uint64(seed), 0))
	rows := make([][]float64, n)
	for i := range rows {
		sin, cos := math.Sincos(math.Pi * r.Float64())
		x, y := cos, sin
		if i%2 == 1 {
			x, y = 1-cos, 0.5-sin
		}
		rows[i] = []float64{x + 0.1*r.NormFloat64(), y + 0.1*r.NormFloat64()}
	}
	return rows
}

// regularGrid has n lines of m points each way over [-3, 3]².
func regularGrid(n, m int) figure.GridPanel {
	p := figure.GridPanel{Name: "a grid in z"}
	for k := range n {
		at := -3 + 6*float64(k)/float64(n-1)
		var h, v [][]float64
		for i := range m {
			along := -3 + 6*float64(i)/float64(m-1)
			h, v = append(h, []float64{along, at}), append(v, []float64{at, along})
		}
		p.Horizontal, p.Vertical = append(p.Horizontal, h), append(p.Vertical, v)
	}
	return p
}
