package bench

import (
	"normflow/flowlib/byhand"
	"normflow/flowlib/flow"
	"normflow/internal/kernel"
)

// byHand is package byhand with the fast matrix product of package kernel.
type byHand struct {
	flow    *byhand.Flow[float32]
	team    byhand.Team[float32]
	adam    *byhand.Adam[float32]
	batches batches
}

func openByHand(s Start) (Engine, error) {
	cfg := config(s.Model, s.Features)
	start := byhand.New[float64](cfg.Features, cfg.Layers, cfg.Hidden, 0)
	if s.Weights != "" {
		values, err := weightsOf(s)
		if err != nil {
			return nil, err
		}
		for _, w := range flow.ByHandWeights(start) {
			if err := fill(w.Values, values, w.Path); err != nil {
				return nil, err
			}
		}
	}
	f := byhand.Convert[float32](start)
	f.Product = kernel.MatMul
	return &byHand{flow: f, team: byhand.NewTeam(f, s.Threads), adam: byhand.NewAdam[float32](), batches: batches{points: s.Points, size: s.Batch}}, nil
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
