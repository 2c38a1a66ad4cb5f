package explore

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"normflow/flowlib/figure"
)

// Picture is what [Live] shows of a flow.
type Picture struct {
	SVG         figure.SVG
	Description string // alternative text of the picture
	Line        string // describes the flow and its quality
	Running     bool   // the training is not finished
}

// Place says which state is shown.
type Place struct {
	Layer float64 `json:"layer"` // share of the layers: 0 shows noise, 1 all layers
	Time  float64 `json:"time"`  // share of the training, among the states kept so far: 0 to 1
}

// End shows all layers of the newest state.
var End = Place{Layer: 1, Time: 1}

// picture draws the state at a place. The newest state need not be a point of the curve.
func (t *session) picture(at Place, running bool) (Picture, error) {
	p, shown, err := t.at(at.Time)
	if err != nil {
		return Picture{}, err
	}
	through := clamp(at.Layer) * float64(t.settings.Layers)
	layers := min(int(through), t.settings.Layers)
	t.load(p.weights, layers, through-float64(layers))
	if kl := p.kl; through < float64(t.settings.Layers) || kl == (estimate{}) {
		if p.kl, err = t.judge(few); err != nil {
			return Picture{}, err
		}
	}
	curve := make([][]float64, 0, len(t.points)+1)
	for _, q := range t.points {
		curve = append(curve, []float64{float64(q.step), -t.density.Entropy - q.kl.mean})
	}
	if shown == len(curve) {
		curve = append(curve, []float64{float64(p.step), -t.density.Entropy - p.kl.mean})
	}
	pic := Picture{Line: t.line(p, through), Running: running}
	pic.Description = fmt.Sprintf("The true density of %s, the density of a flow after %d steps of training, draws from it over data, and its log-likelihood against steps. %s.", t.density.Name, p.step, pic.Line)
	pic.SVG, err = figure.Live(figure.Info{Title: "A flow learns", Description: pic.Description}, figure.LiveState{
		Truth: t.truth, Learned: t.learned(layerName(through, t.settings.Layers)),
		Samples: t.samples(), Events: t.test[:min(draws, len(t.test))],
		Curve: curve, Shown: shown, Steps: t.settings.Steps,
		Limit: figure.Mark{Name: "−H", Value: -t.density.Entropy},
	})
	return pic, err
}

// at returns the state at a share of those that are kept, and its index in the curve;
// that of the newest is after the last point if it is not one itself.
func (t *session) at(time float64) (point, int, error) {
	count := len(t.points)
	if t.points[count-1].step < t.step {
		count++
	}
	if i := int(math.Round(clamp(time) * float64(count-1))); i < len(t.points) {
		return t.points[i], i, nil
	}
	weights, err := t.weights()
	return point{step: t.step, weights: weights}, count - 1, err
}

// clamp limits a share to 0 to 1; NaN becomes 1.
func clamp(share float64) float64 {
	if math.IsNaN(share) {
		return 1
	}
	return min(max(share, 0), 1)
}

func layerName(through float64, of int) string {
	switch {
	case through >= float64(of):
		return "learned"
	case through == 0:
		return "noise"
	}
	return fmt.Sprintf("after %.1f of %d layers", through, of)
}

// learned returns the density that the engine holds.
func (t *session) learned(name string) figure.DensityPanel {
	logProb := make([]float64, len(t.places))
	t.engine.LogProb(logProb, t.places32)
	logDet := t.model.Units().LogDet()
	for i, v := range logProb {
		if logProb[i] = math.Min(math.Exp(v+logDet), math.MaxFloat32); math.IsNaN(v) {
			logProb[i] = 0 // far out; the test events show whether the flow is broken
		}
	}
	panel := t.truth
	panel.Name, panel.Values = name, slices.Collect(slices.Chunk(logProb, cells))
	return panel
}

// samples returns draws of what the engine holds, from the same noise each time.
func (t *session) samples() [][]float64 {
	x := make([]float32, 2*draws)
	t.engine.Sample(x, nil, nil, 1, 0, 1)
	units := t.model.Units()
	var rows [][]float64
	for i := 0; i < len(x); i += 2 {
		row := []float64{float64(x[i]), float64(x[i+1])}
		if units.Invert(row, row); !math.IsNaN(row[0] - row[0] + row[1] - row[1]) { // finite
			rows = append(rows, row)
		}
	}
	if rows == nil {
		rows = [][]float64{{math.MaxFloat32, math.MaxFloat32}} // outside the window
	}
	return rows
}

// line returns text such as "8 layers, 35,344 parameters, KL 0.014 ± 0.001 nats, 1.1 s".
func (t *session) line(p point, through float64) string {
	layers := "1 layer"
	if t.settings.Layers > 1 {
		layers = fmt.Sprintf("%d layers", t.settings.Layers)
	}
	line := fmt.Sprintf("%s, %s parameters, KL %.3f ± %.3f nats", layers, thousands(t.engine.NumParameters()), p.kl.mean, p.kl.se)
	if through < float64(t.settings.Layers) {
		line += fmt.Sprintf(" after %.1f of them", through)
	}
	if p.step < t.settings.Steps {
		line += fmt.Sprintf(", step %s of %s", thousands(p.step), thousands(t.settings.Steps))
	}
	return line + fmt.Sprintf(", %.1f s", t.seconds)
}

// thousands formats a whole number in groups of three digits.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
