package figure

import (
	"fmt"
	"image/color"
	"math"
	"strings"
)

// State is a flow in training: where it maps the same noise after some steps.
type State struct {
	Step          int
	Points        [][]float64 // [N, 2]; row i is the image of the same noise in every state
	LogLikelihood float64     // mean, nats
}

// Times of the animation, in seconds: the whole, and its last state.
const (
	learningSeconds = 10
	learningRest    = 2.5
)

// Learning draws a flow that learns, as an animated SVG without a script: on the left the
// noise moves to where the flow maps it in each state, over events of the data, [n, 2];
// on the right the log-likelihood climbs towards limit. Readers who prefer no motion see
// the last state. All states must have the same number of points.
func Learning(info Info, events [][]float64, limit Mark, states ...State) (SVG, error) {
	if err := info.check("Learning", len(states)); err != nil {
		return nil, err
	}
	if err := checkPoints("Learning: events", events); err != nil {
		return nil, err
	}
	if err := checkMark("Learning", &limit); err != nil {
		return nil, err
	}
	if len(states) < 2 {
		return nil, fmt.Errorf("figure: Learning: %d state, expected at least 2", len(states))
	}
	for i, s := range states {
		where := "Learning: " + place("state", i, "")
		if err := checkPoints(where, s.Points); err != nil {
			return nil, err
		}
		if err := checkValues(where+": log-likelihood", []float64{s.LogLikelihood}); err != nil {
			return nil, err
		}
		if len(s.Points) != len(states[0].Points) || i > 0 && s.Step <= states[i-1].Step {
			return nil, fmt.Errorf("figure: %s: %d points after %d steps, expected %d points and steps that rise", where, len(s.Points), s.Step, len(states[0].Points))
		}
	}
	l := learning{states: states, rest: int(math.Round(float64(len(states)-1) * learningRest / (learningSeconds - learningRest)))}
	l.plane(events)
	l.curve(limit)
	return l.document(info, "", fullWidth, learningHeight, stillOrMoving), nil
}

// learning is written by hand, because gonum's canvas has no animation.
type learning struct {
	page
	states []State
	rest   int // repetitions of the last state
}

const (
	learningHeight = 318
	planeSize      = 290
	curveLeft      = 372
	curveWidth     = 330
	curveTop       = 34
	curveHeight    = 236
)

// stillOrMoving shows readers who prefer no motion the last state only.
const stillOrMoving = "<style>.still{display:none}@media(prefers-reduced-motion:reduce){.still{display:inline}.moving{display:none}}</style>\n"

// motion moves the enclosing element along a place for each state, and rests at the last.
func (l *learning) motion(at func(i int) string) string {
	var values []string
	for i := range l.states {
		values = append(values, at(i))
	}
	for range l.rest {
		values = append(values, values[len(l.states)-1])
	}
	return fmt.Sprintf(`<animateMotion dur="%ds" repeatCount="indefinite" calcMode="linear" values="%s"/>`, learningSeconds, strings.Join(values, ";"))
}

// plane draws the moving points. The window holds the events, and a tenth more.
func (l *learning) plane(events [][]float64) {
	low, high := []float64{math.Inf(1), math.Inf(1)}, []float64{math.Inf(-1), math.Inf(-1)}
	for _, e := range events {
		for d, v := range e {
			low[d], high[d] = min(low[d], v), max(high[d], v)
		}
	}
	const inset = 26
	at := func(v []float64) string {
		part := func(d int) float64 { return (v[d] - low[d]) / max(high[d]-low[d], 1e-9) }
		return coordinates(margin+inset+part(0)*(planeSize-2*inset), margin+4+inset+(1-part(1))*(planeSize-2*inset))
	}
	dots := func(points [][]float64) string {
		var path strings.Builder
		for _, p := range points {
			path.WriteString("M" + at(p) + "h0")
		}
		return path.String()
	}
	fmt.Fprintf(&l.body, `<clipPath id="window"><path d="M%d,%dh%dv%dh-%dz"/></clipPath>`, margin, margin+4, planeSize, planeSize, planeSize)
	fmt.Fprintf(&l.body, "\n"+`<g clip-path="url(#window)"><path d="%s" stroke="%s" stroke-width="2.6" stroke-linecap="round"/>`+"\n", dots(events), hex(fade(rule, 0.4)))
	last := len(l.states) - 1
	fmt.Fprintf(&l.body, `<path class="still" d="%s" stroke="%s" stroke-width="3.4" stroke-linecap="round"/>`+"\n", dots(l.states[last].Points), hex(seriesColor(0)))
	fmt.Fprintf(&l.body, `<g class="moving" fill="%s">`+"\n", hex(seriesColor(0)))
	for i := range l.states[0].Points {
		fmt.Fprintf(&l.body, `<circle r="1.7">%s</circle>`+"\n", l.motion(func(state int) string { return at(l.states[state].Points[i]) }))
	}
	l.body.WriteString("</g></g>\n")
	l.text(margin+4, learningHeight-10, "start", "", seriesColor(0), "draws of the flow")
	l.text(margin+120, learningHeight-10, "start", "", rule, "data")
}

// curve draws the log-likelihood against the number of the state, labeled by its step:
// that gives room to the first steps, in which most is learned.
func (l *learning) curve(limit Mark) {
	last := len(l.states) - 1
	low, high := l.states[0].LogLikelihood, limit.Value
	for _, s := range l.states {
		low, high = min(low, s.LogLikelihood), max(high, s.LogLikelihood)
	}
	y := func(v float64) float64 { return curveTop + (high-v)/max(high-low, 1e-9)*curveHeight }
	x := func(i int) float64 { return curveLeft + float64(i)/float64(last)*curveWidth }
	at := func(i int) string { return coordinates(x(i), y(l.states[i].LogLikelihood)) }
	line := func(d string, clr color.Color, width float64, more string) {
		fmt.Fprintf(&l.body, `<path d="%s" fill="none" stroke="%s" stroke-width="%g"%s/>`+"\n", d, hex(clr), width, more)
	}
	bottom := float64(curveTop + curveHeight)
	line(fmt.Sprintf("M%s V%.0f H%.0f", coordinates(curveLeft, curveTop-8), bottom+6, x(last)), rule, 0.8, "")
	line(fmt.Sprintf("M%s H%.0f", coordinates(curveLeft, y(limit.Value)), x(last)), seriesColor(1), 1.4, ` stroke-dasharray="5 3.5"`)
	l.text(x(last), y(limit.Value)-6, "end", "", seriesColor(1), fmt.Sprintf("%s = %s", limit.Name, decimal(limit.Value, 3)))
	l.text(curveLeft, curveTop-18, "start", "", ink, "log-likelihood (nats)")
	for _, i := range []int{0, last / 3, 2 * last / 3, last} {
		anchor, name := "middle", decimal(float64(l.states[i].Step), 0)
		if i == last {
			anchor, name = "end", name+" steps"
		}
		l.text(x(i), bottom+22, anchor, "", ink, name)
	}
	l.text(x(0)+14, y(l.states[0].LogLikelihood), "start", "", muted, decimal(l.states[0].LogLikelihood, 2))
	l.text(x(last), y(l.states[last].LogLikelihood)+20, "end", "", muted, decimal(l.states[last].LogLikelihood, 2))
	path := "M" + at(0)
	for i := range l.states[1:] {
		path += "L" + at(i+1)
	}
	line(path, seriesColor(0), 2, "")
	fmt.Fprintf(&l.body, `<circle class="moving" r="5" fill="%s" stroke="%s" stroke-width="1.5">%s</circle>`+"\n", hex(seriesColor(0)), hex(paper), l.motion(at))
}

func coordinates(x, y float64) string { return fmt.Sprintf("%.0f,%.0f", x, y) }
