package bench

import (
	"normflow/flowlib/byhand"
	"normflow/flowlib/fast"
	"normflow/flowlib/knots"
)

// knotsEngine is package fast, but scores and draws by tables of the conditioners.
type knotsEngine struct {
	*fastEngine
	tables *fastEngine // of the current weights; nil until needed
}

func openKnots(s Start) (Engine, error) {
	e, err := openFast(s)
	if err != nil {
		return nil, err
	}
	return &knotsEngine{fastEngine: e.(*fastEngine)}, nil
}

func (e *knotsEngine) Train(count int) (nll float64, err error) {
	e.tables = nil
	return e.fastEngine.Train(count)
}

func (e *knotsEngine) LogProb(out, x []float32) error {
	if err := e.compile(); err != nil {
		return err
	}
	return e.tables.LogProb(out, x)
}

func (e *knotsEngine) Sample(x []float32, seed int64) error {
	if err := e.compile(); err != nil {
		return err
	}
	return e.tables.Sample(x, seed)
}

func (e *knotsEngine) compile() error {
	if e.tables != nil {
		return nil
	}
	c := config("realnvp", 2)
	f := byhand.New[float32](c.Features, c.Layers, c.Hidden, 0)
	weights := e.engine.Weights()
	for i, values := range f.Params() { // in the same order
		weights.Get(i, values)
	}
	k, err := knots.Compile(byhand.Convert[float64](f), 0)
	if err != nil {
		return err
	}
	engine, err := fast.NewTables(k, e.engine.Threads())
	if err != nil {
		return err
	}
	e.tables = &fastEngine{engine: engine}
	return nil
}
