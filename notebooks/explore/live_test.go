package explore

import (
	"context"
	"strings"
	"testing"
	"time"
)

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
