package runs

import (
	"html"
	"regexp"
	"strings"
	"testing"
	"time"

	"normflow/flowlib/dataset"
	"normflow/notebooks/explore"
)

// The page offers all that the settings may hold, and begins with the ones given.
func TestExploreControls(t *testing.T) {
	s := explore.Default("spirals")
	s.Layers, s.Coupling, s.Steps = 5, "spline", 123
	page := playground{id: "flow_explore_1"}.controls(s)
	for _, d := range dataset.Densities() {
		if !strings.Contains(page, ">"+d.Name+"</option>") {
			t.Errorf("%s is not offered", d.Name)
		}
	}
	for _, part := range []string{
		`<div id="flow_explore_1"`, `getElementById("flow_explore_1")`, `send("flow_explore_1", `, `steps:  123`,
		`name="layers" min="1" max="16" value="5"`, `selected>spirals<`, `selected>64<`, `selected>Gaussian<`, `selected>spline<`,
	} {
		if !strings.Contains(strings.ReplaceAll(page, "123 ", "123"), part) {
			t.Errorf("the page has no %s", part)
		}
	}
	if n := strings.Count(page, "selected>"); n != 4 {
		t.Errorf("%d options are selected, expected 4", n)
	}
}

// Messages overtake each other: the latest counts, and what is not looked at is forgotten.
func TestExploreMailbox(t *testing.T) {
	box := newMailbox()
	at := func(layers int) explore.Controls {
		return explore.Controls{Settings: explore.Settings{Layers: layers}}
	}
	box.put(at(1), 0)
	select {
	case <-box.answered:
		t.Error("answered before a page has")
	default:
	}
	if text := box.farewell(); !strings.Contains(text, "did not answer") {
		t.Error(text)
	}
	box.put(at(2), 7)
	box.put(at(3), 9)
	box.put(at(4), 8)
	box.put(at(5), 9)
	select {
	case <-box.answered:
	default:
		t.Error("not answered")
	}
	if text := box.farewell(); !strings.Contains(text, "play on") {
		t.Error(text)
	}
	if c := <-box.c; c.Layers != 3 {
		t.Errorf("%d layers, expected those of the latest message, 3", c.Layers)
	}
	select {
	case c := <-box.c:
		t.Errorf("%d layers besides", c.Layers)
	case <-time.After(10 * time.Millisecond):
	}
}

// What stands on a page is escaped, and a failed training has its message without a picture.
func TestExplorePictures(t *testing.T) {
	text := pictureHTML(explore.Picture{SVG: []byte("<svg/>"), Description: `"a" <b>`, Line: "2 layers < 3", Running: true})
	if !strings.Contains(text, `alt="`+html.EscapeString(`"a" <b>`)+`"`) || !strings.Contains(text, "2 layers &lt; 3</p>") || !strings.Contains(text, `data-running="true"`) {
		t.Error(text)
	}
	if text := pictureHTML(explore.Picture{Line: "no"}); strings.Contains(text, "<img") || !regexp.MustCompile(`data-running="false">no<`).MatchString(text) {
		t.Error(text)
	}
}

// Where nobody looks a cell does not wait.
func TestExploreHeadless(t *testing.T) {
	small(t)
	t.Setenv("FLOW_HEADLESS", "1")
	ended := make(chan bool)
	go func() { Explore("rings"); close(ended) }()
	select {
	case <-ended:
	case <-time.After(2 * time.Minute):
		t.Fatal("it waits")
	}
}
