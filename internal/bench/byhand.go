package bench

import (
	"fmt"

	"normflow/flowlib/byhand"
	"normflow/flowlib/flow"
	"normflow/internal/kernel"
	"normflow/internal/safetensors"
	"normflow/internal/show"
)

// byHand is package byhand with the fast matrix product of package kernel.
type byHand struct {
	flow    *byhand.Flow[float32]
	team    byhand.Team[float32]
	adam    *byhand.Adam[float32]
	batches batches
}

func openByHand(s Start) (Engine, error) {
	f, err := startByHand(s)
	if err != nil {
		return nil, err
	}
	f.Product = kernel.MatMul
	return &byHand{flow: f, team: byhand.NewTeam(f, s.Threads), adam: byhand.NewAdam[float32](), batches: batches{points: s.Points, size: s.Batch}}, nil
}

// startByHand returns the model in plain Go with its initial weights.
func startByHand(s Start) (*byhand.Flow[float32], error) {
	cfg := config(s.Model, s.Features)
	f := byhand.New[float64](cfg.Features, cfg.Layers, cfg.Hidden, 0)
	if s.Weights != "" {
		file, err := safetensors.Read(s.Weights)
		if err != nil {
			return nil, err
		}
		found := map[string]safetensors.Tensor{}
		for _, t := range file.Tensors {
			found[t.Name] = t
		}
		for _, w := range flow.ByHandWeights(f) {
			values, err := found[w.Path].Float64s()
			if err != nil {
				return nil, fmt.Errorf("%s: %s: %w", show.Path(s.Weights), w.Path, err)
			}
			if len(values) != len(w.Values) {
				return nil, fmt.Errorf("%s: %s has %d numbers, expected %d", show.Path(s.Weights), w.Path, len(values), len(w.Values))
			}
			copy(w.Values, values)
		}
	}
	return byhand.Convert[float32](f), nil
}

func (e *byHand) NumParameters() int { return e.flow.NumParameters() }

func (e *byHand) Train(count int) (nll float64, err error) {
	for range count {
		var gradient *byhand.Flow[float32]
		nll, gradient = e.team.Gradient(e.batches.next())
		e.adam.Step(e.flow.Params(), gradient.Params(), learningRate)
	}
	return nll, nil
}

func (e *byHand) LogProb(out, x []float32) error {
	for i, lp := range e.flow.LogProb(x) {
		out[i] = float32(lp)
	}
	return nil
}

func (e *byHand) Sample(x []float32, seed int64) error {
	copy(x, e.flow.Sample(seed, len(x)/2))
	return nil
}

// batches yields the points in order, again and again.
type batches struct {
	points []float32 // [n, 2]
	size   int       // events per batch
	at     int       // next event
	batch  []float32
}

func (b *batches) next() []float32 {
	b.batch = b.batch[:0]
	for range b.size {
		b.batch = append(b.batch, b.points[2*b.at:2*b.at+2]...)
		b.at = (b.at + 1) % (len(b.points) / 2)
	}
	return b.batch
}
