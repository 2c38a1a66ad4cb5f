package figure

import (
	"math"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// The axes hold every point of data without heavy tails, and are not set by a
// single one far out.
func TestLimits(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var rows [][]float64
	for range 2000 {
		rows = append(rows, []float64{r.Float64(), 10 * r.Float64()})
	}
	b := limits(rows)
	for _, row := range rows {
		if row[0] < b.xmin || row[0] > b.xmax || row[1] < b.ymin || row[1] > b.ymax {
			t.Fatalf("%v lies outside %+v", row, b)
		}
	}
	if far := limits(append(rows, []float64{1000, 0})); far.xmax > 1.5 {
		t.Errorf("one straggler sets the limit to %v", far.xmax)
	}
	if few := limits([][]float64{{0, 0}, {5, 1}}); few.xmin > 0 || few.xmax < 5 || few.ymin > 0 || few.ymax < 1 {
		t.Errorf("two points lie outside %+v", few)
	}
}

// A point far out is drawn on the frame, and rounding does not add up along a
// path of thousands of dots.
func TestDotsStayInside(t *testing.T) {
	const width, height = 100, 50
	rows := [][]float64{{1e9, 0.5}}
	r := rand.New(rand.NewPCG(5, 6))
	for range 5000 {
		rows = append(rows, []float64{r.Float64(), r.Float64()})
	}
	p := newPlot("", "")
	setRange(p, box{0, 1, 0, 1})
	c := newCanvas(width, height)
	dots{rows, ink, 1}.Plot(draw.New(c), p)
	steps := regexp.MustCompile(`[Mm](-?[\d.]+) ?(-?[\d.]+)h0`).FindAllStringSubmatch(c.body.String(), -1)
	if len(steps) != len(rows) {
		t.Fatalf("%d dots, want %d", len(steps), len(rows))
	}
	var x, y float64
	for i, step := range steps {
		dx, errX := strconv.ParseFloat(step[1], 64)
		dy, errY := strconv.ParseFloat(step[2], 64)
		if errX != nil || errY != nil {
			t.Fatal(step)
		}
		x, y = x+dx, y+dy
		wantX, wantY := width*math.Min(rows[i][0], 1), height*(1-rows[i][1])
		if !(math.Abs(x-wantX) < 0.051 && math.Abs(y-wantY) < 0.051) { // rounded to 0.1
			t.Fatalf("dot %d is at (%v, %v), want (%v, %v)", i, x, y, wantX, wantY)
		}
	}
}

// A dot alone has an extent: renderers leave out a path that has none.
func TestOneDotIsACircle(t *testing.T) {
	c := newCanvas(20, 20)
	drawDots(draw.New(c), ink, 6, []vg.Point{{X: 10, Y: 10}})
	if got := c.body.String(); !strings.Contains(got, `<path d="M13 10`) || !strings.Contains(got, "fill=\"#1b1f24\"") {
		t.Errorf("got %s", got)
	}
}
