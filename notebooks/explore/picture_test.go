package explore

import (
	"bytes"
	"encoding/base64"
	"math"
	"os"
	"regexp"
	"strings"
	"testing"
)

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
