package flow

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"gonum.org/v1/gonum/mat"

	"normflow/flowlib/density"
	"normflow/internal/names"
)

// Model is a flow with its weights on a backend. [NewModel], [Config.NewModel] and
// [Load] make one. Its methods take and return rows of float64, whatever the precision
// inside. They are safe for concurrent use, but must not run while package fit trains
// the model.
type Model struct {
	design
	backend compute.Backend
	store   *model.Store

	mu       sync.Mutex
	execs    map[string]*model.Exec
	compiled map[string]int // size of the chunk that each graph last ran on
}

// NewModel returns a model of any flow, with fresh weights. The error says which
// setting is wrong, or which part of the flow does not accept rows of that width.
func NewModel(backend compute.Backend, f *Flow, s Settings) (*Model, error) {
	if s.DType == dtypes.InvalidDType {
		s.DType = dtypes.Float32
	}
	return newModel(backend, design{f, s, nil})
}

// NewModel builds the flow of c in float32 with fresh weights, which make it the
// identity up to the scaler.
func (c Config) NewModel(backend compute.Backend) (*Model, error) {
	d, err := c.design(dtypes.Float32)
	if err != nil {
		return nil, err
	}
	return newModel(backend, d)
}

func newModel(backend compute.Backend, d design) (*Model, error) {
	if backend == nil || d.flow == nil || d.flow.base == nil {
		return nil, errors.New("flow: a model needs a backend and a flow with a base, found nil")
	}
	if err := d.settings.check(); err != nil {
		return nil, fmt.Errorf("flow: %w", err)
	}
	if d.config == nil { // a config's parts always fit each other
		if _, err := d.trace(); err != nil {
			return nil, fmt.Errorf("flow: building the model: %w", err)
		}
	}
	m := &Model{design: d, backend: backend, store: model.NewStore(), execs: map[string]*model.Exec{}, compiled: map[string]int{}}
	m.store.SetParam(model.ParamInitialSeed, d.settings.Seed)
	if err := m.createVariables(); err != nil {
		return nil, fmt.Errorf("flow: building the model: %w", err)
	}
	return m, nil
}

// createVariables creates the variables of the flow in the store.
func (m *Model) createVariables() error {
	_, err := model.CallOnce(m.backend, m.store, func(scope *model.Scope, rows *Node) *Node {
		return m.LogProbGraph(scope, rows)
	}, tensors.FromShape(shapes.Make(m.DType(), 1, m.Columns())))
	return err
}

// errEmpty reports a Model that was not made by one of its constructors.
var errEmpty = errors.New("flow: this model is empty: make one with NewModel, Config.NewModel or Load")

func (m *Model) made() error {
	if m == nil || m.store == nil {
		return errEmpty
	}
	return nil
}

// Backend returns the backend that the model computes on.
func (m *Model) Backend() compute.Backend { return m.backend }

// Store returns the store of the weights. Those of the flow are under "/flow".
func (m *Model) Store() *model.Store { return m.store }

// Float64 returns a copy of the model that computes in double precision.
func (m *Model) Float64() (*Model, error) {
	weights, err := m.Weights()
	if err != nil {
		return nil, err
	}
	d := m.design
	d.settings.DType = dtypes.Float64
	c, err := newModel(m.backend, d)
	if err != nil {
		return nil, err
	}
	return c, c.SetWeights(weights)
}

// NumParameters returns the number of trained parameters of the flow.
func (m *Model) NumParameters() int {
	if m.made() != nil {
		return 0
	}
	n := 0
	for v := range m.store.Scope("/" + names.Flow).IterVariables() {
		if v.Trainable {
			n += v.Shape().Size()
		}
	}
	return n
}

// LogProb returns the log-density of each row, in nats and in the units of the data.
// Rows are [n, D]; for a conditional flow they are [n, D+C], the context after the
// features, and the result is log p(x | context). A density of 0 gives -Inf: for rows
// outside the support of a uniform base, and for rows so far out that their latents
// overflow the model's precision.
//
// LogProb returns an error if a row has the wrong width or is not finite, or if a
// log-density is NaN for another reason: the weights are broken.
func (m *Model) LogProb(rows [][]float64) ([]float64, error) {
	logProb := make([]float64, len(rows))
	if err := m.score(logProb, rows); err != nil {
		return nil, err
	}
	return logProb, nil
}

// LogProbTo implements [density.Scorer]: it writes the log-density of the rows of x to
// dst, as LogProb does.
func (m *Model) LogProbTo(dst []float64, x *mat.Dense) error {
	if n, _ := x.Dims(); n != len(dst) {
		return fmt.Errorf("flow: %d rows for %d log-densities", n, len(dst))
	}
	return m.score(dst, density.Rows(x))
}

// score writes what LogProb returns to logProb.
func (m *Model) score(logProb []float64, rows [][]float64) error {
	if err := m.made(); err != nil {
		return err
	}
	logDet := m.Units().LogDet()
	err := m.eachChunk("logprob", m.Units(), rows, func(scope *model.Scope, rows *Node) []*Node {
		x, context := m.Split(rows)
		return []*Node{m.flow.Score(scope, x, context)}
	}, func(first int, out []*tensors.Tensor) error {
		for i, lp := range column(out[0])[:min(len(rows)-first, out[0].Shape().Dim(0))] { // without the padding
			logProb[first+i] = lp + logDet
		}
		return nil
	})
	if err == nil && slices.ContainsFunc(logProb, math.IsNaN) {
		err = m.settleNaN(logProb, rows)
	}
	return err
}

// settleNaN replaces NaN in logProb by -Inf where a number overflows on the way to the
// latents: the difference of two infinities is NaN. It returns an error for the first
// NaN that has no such reason.
func (m *Model) settleNaN(logProb []float64, rows [][]float64) error {
	var which []int
	var bad [][]float64
	for i, lp := range logProb {
		if math.IsNaN(lp) {
			which, bad = append(which, i), append(bad, rows[i])
		}
	}
	far := math.Sqrt(math.MaxFloat32) // beyond it squares overflow
	if m.DType() == dtypes.Float64 {
		far = math.Sqrt(math.MaxFloat64)
	}
	states, err := m.states("inverse", m.Units(), bad, m.flow.Inverse)
	if err != nil {
		return err
	}
	for k, i := range which {
		overflows := slices.ContainsFunc(states, func(state [][]float64) bool {
			return slices.ContainsFunc(state[k], func(v float64) bool { return math.Abs(v) >= far })
		})
		if !overflows {
			return &NaNError{i, rows[i]}
		}
		logProb[i] = math.Inf(-1)
	}
	return nil
}

// LogProbGraph returns the log-density of rows, [B, D+C], as [B], for training: in
// standardized units, in the model's precision. [Model.Tensor] makes such rows. Add
// [Units.LogDet] to get the density in the units of the data.
func (m *Model) LogProbGraph(scope *model.Scope, rows *Node) *Node {
	x, context := m.Split(rows)
	return m.flow.LogProb(scope, x, context)
}

// Forward maps latents z, [n, D] or [n, D+C] with the context last, to events. It
// returns all states on the way, each [n, D]: z, the state after each bijector, and x.
// Only x is in the units of the data. With a scaler, the state before x is x in
// standardized units.
func (m *Model) Forward(z [][]float64) (states [][][]float64, err error) {
	if err := m.made(); err != nil {
		return nil, err
	}
	units := m.Units()
	states, err = m.states("forward", units.latents(), z, m.flow.Forward)
	if err != nil || m.settings.Scaler == nil || len(states) == 0 {
		return states, err
	}
	x := make([][]float64, len(z))
	for i, u := range states[len(states)-1] {
		x[i] = make([]float64, len(u))
		units.Invert(x[i], u)
	}
	return append(states, x), nil
}

// Inverse maps events x, [n, D] or [n, D+C] with the context last, to latents. It
// returns all states on the way, each [n, D]: x, x in standardized units if the flow
// has a scaler, the state after undoing each bijector from the last to the first, and
// z.
func (m *Model) Inverse(x [][]float64) (states [][][]float64, err error) {
	if err := m.made(); err != nil {
		return nil, err
	}
	states, err = m.states("inverse", m.Units(), x, m.flow.Inverse)
	if err != nil || m.settings.Scaler == nil || len(states) == 0 {
		return states, err
	}
	events := make([][]float64, len(x))
	for i, row := range x {
		events[i] = slices.Clone(row[:m.Features()])
	}
	return append([][][]float64{events}, states...), nil
}

func (m *Model) states(name string, units Units, in [][]float64, run func(scope *model.Scope, v, context *Node) []*Node) (states [][][]float64, err error) {
	var mu sync.Mutex
	err = m.eachChunk(name, units, in, func(scope *model.Scope, rows *Node) []*Node {
		v, context := m.Split(rows)
		return run(scope, v, context)
	}, func(first int, out []*tensors.Tensor) error {
		mu.Lock()
		defer mu.Unlock()
		for len(states) < len(out) {
			states = append(states, make([][]float64, len(in)))
		}
		for i, t := range out {
			copy(states[i][first:], rows(t, m.Features())) // without the padding
		}
		return nil
	})
	return states, err
}
