package explore

import (
	"bytes"
	"context"
	"encoding/base64"
	"math"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"normflow/flowlib/dataset"
)

// small is a flow that trains in no time.
func small(data string) Settings {
	s := Default(data)
	s.Layers, s.Hidden, s.Steps = 2, 8, 40
	return s
}

func trained(t *testing.T, s Settings) *session {
	t.Helper()
	in, err := newScene(s.Data)
	if err != nil {
		t.Fatal(err)
	}
	run, err := newSession(s, in)
	if err != nil {
		t.Fatal(err)
	}
	for !run.done() {
		if err := run.advance(); err != nil {
			t.Fatal(err)
		}
	}
	return run
}

func near(t *testing.T, what string, got, want, tol float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tol) {
		t.Errorf("%s is %.6f, expected %.6f within %g", what, got, want, tol)
	}
}

// What is shown is what package flow says of the same weights, in every coupling and base.
func TestPicturesAreOfTheModel(t *testing.T) {
	for _, base := range Bases {
		for _, coupling := range Couplings {
			s := small("moons10")
			s.Base, s.Coupling = base, coupling
			run := trained(t, s)
			if c, _ := run.model.Config(); c.Layers != 2 || c.Hidden[1] != 8 || (c.Base == "mixture") != (base == "mixture") || (c.Transform == "spline") != (coupling == "spline") {
				t.Errorf("%s, %s: the flow is %+v", base, coupling, c)
			}
			run.load(run.points[len(run.points)-1].weights, 2, 0)
			panel := run.learned("")
			want, err := run.model.LogProb(run.places)
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range []int{cells*cells/2 + 40, cells*cells/2 + 60, cells * 70} {
				near(t, base+", "+coupling+": the density", panel.Values[i/cells][i%cells], math.Exp(want[i]), 1e-3*(1+math.Exp(want[i])))
			}
			e, err := run.judge(200)
			if err != nil {
				t.Fatal(err)
			}
			logProb, err := run.model.LogProb(run.test[:200])
			if err != nil {
				t.Fatal(err)
			}
			kl := 0.0
			for i, v := range logProb {
				kl += (run.density.LogProb(run.test[i : i+1])[0] - v) / 200
			}
			near(t, base+", "+coupling+": the KL", e.mean, kl, 1e-3)
		}
	}
}

// The way through the layers begins at the base, is the flow of the first layers in
// between, and has mass 1 at every place.
func TestWalkThroughTheLayers(t *testing.T) {
	for _, coupling := range Couplings {
		s := small("8gaussians")
		s.Layers, s.Coupling, s.Steps = 3, coupling, 200
		run := trained(t, s)
		last := run.points[len(run.points)-1].weights
		scaler := run.model.Units()
		run.load(last, 0, 0)
		noise := run.learned("")
		for _, i := range []int{0, cells*cells/2 + cells/2} {
			u := make([]float64, 2)
			scaler.Apply(u, run.places[i])
			want := math.Exp(-(u[0]*u[0]+u[1]*u[1])/2+scaler.LogDet()) / (2 * math.Pi)
			near(t, coupling+": the density of noise", noise.Values[i/cells][i%cells], want, 1e-4)
		}
		for _, share := range []float64{0, 0.3, 0.9} {
			for layer := range 3 {
				run.load(last, layer, share)
				mass, area := 0.0, (noise.XMax-noise.XMin)*(noise.YMax-noise.YMin)/(cells*cells)
				for _, row := range run.learned("").Values {
					for _, v := range row {
						mass += v * area
					}
				}
				if !(mass > 0.85 && mass < 1.02) { // some lies outside of the window
					t.Errorf("%s: the mass in the window is %.3f after %d layers and %g of the next", coupling, mass, layer, share)
				}
			}
		}
		// a share of 1 of a layer is the layer
		run.load(last, 1, 1)
		near1 := run.learned("").Values
		run.load(last, 2, 0)
		for j, row := range run.learned("").Values {
			for i, v := range row {
				if v != near1[j][i] {
					t.Fatalf("%s: the whole of layer 2 is %v, a share of 1 of it %v", coupling, v, near1[j][i])
				}
			}
		}
	}
}

// The same settings give the same flow, whatever the pace; another seed another one.
func TestTrainingIsRepeatable(t *testing.T) {
	s := small("pinwheel")
	one, two := trained(t, s), trained(t, s)
	s.Seed = 1
	other := trained(t, s)
	if a, b := one.points[len(one.points)-1].kl, two.points[len(two.points)-1].kl; a != b {
		t.Errorf("KL %v, then %v", a, b)
	}
	if len(one.points) != len(two.points) || one.points[3].step != two.points[3].step {
		t.Errorf("points at other steps: %d and %d of them", len(one.points), len(two.points))
	}
	if one.points[4].kl == other.points[4].kl {
		t.Error("another seed gave the same flow")
	}
}

func TestStillIsAPictureOfAFlow(t *testing.T) {
	s := small("checkerboard")
	s.Steps = 300
	p, err := Still(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^2 layers, 212 parameters, KL \d\.\d{3} ± 0\.\d{3} nats, \d+\.\d s$`).MatchString(p.Line) {
		t.Errorf("the line is %q", p.Line)
	}
	images := regexp.MustCompile(`data:image/png;base64,([^"]+)`).FindAllSubmatch(p.SVG, -1)
	if len(images) != 2 {
		t.Fatalf("%d heat maps", len(images))
	}
	for _, match := range images {
		if data, err := base64.StdEncoding.DecodeString(string(match[1])); err != nil || !bytes.HasPrefix(data, []byte("\x89PNG")) {
			t.Errorf("no PNG: %v", err)
		}
	}
	if p.Running || !strings.Contains(string(p.SVG), "−H = −3.466") {
		t.Error("the limit is not shown, or it still runs")
	}
	if file := os.Getenv("FLOW_TEST_PICTURE"); file != "" {
		if err := os.WriteFile(file, p.SVG, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestEveryDensityHasAScene(t *testing.T) {
	for _, d := range dataset.Densities() {
		s := small(d.Name)
		s.Steps = 2
		if _, err := Still(t.Context(), s); err != nil {
			t.Errorf("%s: %v", d.Name, err)
		}
	}
}

func TestSettingsThatCannotBe(t *testing.T) {
	for want, change := range map[string]func(*Settings){
		"there is no density": func(s *Settings) { s.Data = "moon" },
		"1 to 16":             func(s *Settings) { s.Layers = 17 },
		"1 to 1024":           func(s *Settings) { s.Hidden = 0 },
		"at least 1":          func(s *Settings) { s.Steps = 0 },
		"Gaussian, mixture":   func(s *Settings) { s.Base = "uniform" },
		"affine, spline":      func(s *Settings) { s.Coupling = "additive" },
		"number of layers is": func(s *Settings) { s.Layers = -1 },
	} {
		s := small("moons05")
		change(&s)
		if _, err := Still(t.Context(), s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, expected %q", s, err, want)
		}
	}
}

// reader sets controls and looks at pictures.
type reader struct {
	*testing.T
	controls chan Controls
	pictures chan Picture
	ended    chan Picture
	now      Controls
}

func watch(t *testing.T, s Settings) *reader {
	r := &reader{t, make(chan Controls), make(chan Picture, 10_000), make(chan Picture, 1), Controls{Settings: s, Place: End}}
	go func() { r.ended <- Live(context.Background(), r.controls, func(p Picture) { r.pictures <- p }) }()
	r.set(func(*Controls) {})
	return r
}

func (r *reader) set(change func(*Controls)) {
	r.Helper()
	change(&r.now)
	select {
	case r.controls <- r.now:
	case <-time.After(time.Minute):
		r.Fatal("the controls are not looked at")
	}
}

// until returns the first picture whose line holds text.
func (r *reader) until(text string) Picture {
	r.Helper()
	for {
		select {
		case p := <-r.pictures:
			if strings.Contains(p.Line, text) {
				return p
			}
		case <-time.After(time.Minute):
			r.Fatalf("no picture says %q", text)
		}
	}
}

func TestLive(t *testing.T) {
	long := small("moons05")
	long.Steps = 1_000_000
	r := watch(t, long)
	if p := r.until("2 layers"); p.SVG == nil || !p.Running {
		t.Errorf("the first picture: %q, running %v", p.Line, p.Running)
	}
	r.until("step") // it moves

	// Another number of layers in the midst of a training.
	r.set(func(c *Controls) { c.Layers = 5 })
	r.until("5 layers")

	// Stop stops, and what is stopped can still be looked at.
	r.set(func(c *Controls) { c.Stopped = true })
	for p := r.until("5 layers"); p.Running; {
		p = r.until("5 layers")
	}
	r.set(func(c *Controls) { c.Layer = 0.5 })
	if p := r.until("after 2.5 of them"); p.Running || !strings.Contains(string(p.SVG), "after 2.5 of 5 layers") {
		t.Errorf("a look at the layers in between: %q, running %v", p.Line, p.Running)
	}
	r.set(func(c *Controls) { c.Layer, c.Time = 1, 0 })
	if p := r.until("step 0 of"); p.Running {
		t.Errorf("a look at the start: %q, running", p.Line)
	}

	// What cannot be is said, and the next settings are followed.
	r.set(func(c *Controls) { c.Data = "sun" })
	if p := r.until("there is no density"); p.SVG != nil || p.Running {
		t.Errorf("%q with a picture, or running", p.Line)
	}
	r.set(func(c *Controls) { c.Data, c.Steps, c.Stopped, c.Place = "rings", 20, false, End })
	r.until("5 layers")

	r.set(func(c *Controls) { c.Done = true })
	select {
	case p := <-r.ended:
		if p.Running || p.SVG == nil || !strings.Contains(p.Description, "rings") {
			t.Errorf("the last picture: %q, running %v", p.Description, p.Running)
		}
	case <-time.After(time.Minute):
		t.Fatal("it does not end")
	}
}

func TestLiveEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan bool)
	go func() {
		Live(ctx, make(chan Controls), func(Picture) {})
		close(ended)
	}()
	cancel()
	select {
	case <-ended:
	case <-time.After(time.Minute):
		t.Fatal("it does not end")
	}
}
