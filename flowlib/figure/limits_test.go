package figure

import (
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gonum.org/v1/plot"
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

// The first steps of a training do not flatten the rest.
func TestCurveView(t *testing.T) {
	var c CurvePanel
	for step := 0; step <= 1000; step += 10 {
		c.Training = append(c.Training, []float64{float64(step), -2 - 1000*math.Exp(-float64(step)/4)})
	}
	c.Validation = c.Training
	c.Limit = &Mark{Name: "limit", Value: -1.9}
	b := c.view()
	if b.ymin < -2.2 || b.ymin > -2 || b.ymax < -1.9 || b.ymax > -1.8 {
		t.Errorf("y goes from %v to %v", b.ymin, b.ymax)
	}
}

func TestTicks(t *testing.T) {
	labels := func(list []plot.Tick) (out []string) {
		for _, tick := range list {
			out = append(out, tick.Label)
		}
		return out
	}
	tests := []struct {
		ticker    plot.Ticker
		low, high float64
		want      []string
	}{
		{ticks{most: 5}, -1.1, 1.1, []string{"−1.0", "−0.5", "0.0", "0.5", "1.0"}},
		{ticks{most: 6}, 0, 5000, []string{"0", "1,000", "2,000", "3,000", "4,000", "5,000"}},
		{ticks{most: 4}, 0, 0.031, []string{"0.00", "0.01", "0.02", "0.03"}},
		{logTicks{}, 0.009, 0.6, []string{"0.01", "0.02", "0.05", "0.1", "0.2", "0.5"}},
		{fitting{logTicks{}, 300}, 0.009, 0.6, []string{"0.01", "0.02", "0.05", "0.1", "0.2", "0.5"}},
		{fitting{logTicks{}, 100}, 0.009, 0.6, []string{"0.01", "0.1"}},
		{fitting{logTicks{}, 80}, 0.0009, 0.6, []string{"0.001", "", "0.1"}},
		{fitting{logTicks{}, 60}, 0.02, 0.6, []string{"0.02", "0.5"}},
		{logTicks{}, 1, 20000, []string{"1", "10", "100", "1,000", "10,000"}},
		{logTicks{}, 2e-17, 2, []string{"1e−15", "1e−12", "1e−9", "1e−6", "1e−3", "1"}},
		{logTicks{}, 1e-7, 5, []string{"1e−6", "1e−4", "1e−2", "1"}},
		{logTicks{}, 1e-6, 0.06, []string{"1e−6", "1e−5", "1e−4", "1e−3", "1e−2"}},
	}
	for _, tt := range tests {
		if got := labels(tt.ticker.Ticks(tt.low, tt.high)); !slices.Equal(got, tt.want) {
			t.Errorf("ticks from %v to %v: got %q, want %q", tt.low, tt.high, got, tt.want)
		}
	}
}

// Both ends of the colour circle are one colour, and no two neighbours of 36 look the same.
func TestCyclic(t *testing.T) {
	if cyclic(0) != cyclic(1) {
		t.Errorf("cyclic(0) = %v, cyclic(1) = %v", cyclic(0), cyclic(1))
	}
	for k := range 36 {
		if a, b := cyclic(float64(k)/36), cyclic(float64(k+1)/36); a == b {
			t.Errorf("colours %d and %d are both %v", k, k+1, a)
		}
	}
	if first, last := sequential(0), sequential(1); hex(first) != "#440154" || hex(last) != "#fde725" {
		t.Errorf("viridis goes from %v to %v", first, last)
	}
}
