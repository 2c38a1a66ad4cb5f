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

// Model is a flow with its numbers on a backend, which [NewModel], [Config.NewModel]
// and [Load] make. Its methods take and return rows of float64, whatever the precision
// inside, and can be called from several goroutines; they must not run while package
// fit trains the model.
type Model struct {
	design
	backend compute.Backend
	store   *model.Store

	mu       sync.Mutex
	execs    map[string]*model.Exec
	compiled map[string]int // the size of the chunk that each was last run on
}

// NewModel returns a model of any flow with fresh weights. The error says what is
// wrong with the settings, or which part of the flow does not take rows of that width.
func NewModel(backend compute.Backend, f *Flow, s Settings) (*Model, error) {
	if s.DType == dtypes.InvalidDType {
		s.DType = dtypes.Float32
	}
	return newModel(backend, design{f, s, nil})
}

// NewModel builds the flow of c with fresh weights in float32: the identity,
// up to the scaler.
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
	if d.config == nil { // else the parts fit each other
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

// createVariables adds those of the flow to the store.
func (m *Model) createVariables() error {
	_, err := model.CallOnce(m.backend, m.store, func(scope *model.Scope, rows *Node) *Node {
		return m.LogProbGraph(scope, rows)
	}, tensors.FromShape(shapes.Make(m.DType(), 1, m.Columns())))
	return err
}

// errEmpty is of a model that none of the functions has made that make one.
var errEmpty = errors.New("flow: this model is empty: make one with NewModel, Config.NewModel or Load")

func (m *Model) made() error {
	if m == nil || m.store == nil {
		return errEmpty
	}
	return nil
}

// Backend returns the one that the model computes on.
func (m *Model) Backend() compute.Backend { return m.backend }

// Store returns the numbers; the flow's own lie under "/flow".
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

// NumParameters counts the trained numbers of the flow.
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

// LogProb returns the log-density of each row, in nats and in the units of the
// data. Rows are [n, D], or [n, D+C] for a conditional flow, which carry their
// context behind the features: then it is log p(x | context). -Inf is a density of 0:
// of a row outside of what a uniform base reaches, or one so far out that on its way
// to the latents it leaves the range of the model's precision.
//
// It returns an error if a row has another width or is not finite, or if a
// log-density is NaN for another reason: the weights are broken.
func (m *Model) LogProb(rows [][]float64) ([]float64, error) {
	logProb := make([]float64, len(rows))
	if err := m.score(logProb, rows); err != nil {
		return nil, err
	}
	return logProb, nil
}

// LogProbTo implements [density.Scorer]: it is LogProb of the rows of x.
func (m *Model) LogProbTo(dst []float64, x *mat.Dense) error {
	if n, _ := x.Dims(); n != len(dst) {
		return fmt.Errorf("flow: %d rows for %d log-densities", n, len(dst))
	}
	return m.score(dst, density.Rows(x))
}

// score is LogProb into logProb.
func (m *Model) score(logProb []float64, rows [][]float64) error {
	if err := m.made(); err != nil {
		return err
	}
	logDet := m.Units().LogDet()
	err := m.eachChunk("logprob", m.Units(), rows, func(scope *model.Scope, rows *Node) []*Node {
		x, context := m.Split(rows)
		return []*Node{m.flow.Score(scope, x, context)}
	}, func(first int, out []*tensors.Tensor) error {
		for i, lp := range column(out[0])[:min(len(rows)-first, out[0].Shape().Dim(0))] { // but for the padding
			logProb[first+i] = lp + logDet
		}
		return nil
	})
	if err == nil && slices.ContainsFunc(logProb, math.IsNaN) {
		err = m.settleNaN(logProb, rows)
	}
	return err
}

// settleNaN sets those of logProb that are NaN to -Inf, where a number overflows on
// the way to the latents: an infinity less another is NaN. The first for which there
// is no such reason is an error.
func (m *Model) settleNaN(logProb []float64, rows [][]float64) error {
	var which []int
	var bad [][]float64
	for i, lp := range logProb {
		if math.IsNaN(lp) {
			which, bad = append(which, i), append(bad, rows[i])
		}
	}
	far := math.Sqrt(math.MaxFloat32) // where squares overflow
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

// LogProbGraph is the log-density for training, in the precision of the model and in
// standardized units: of rows, [B, D+C], of [Model.Tensor], to [B]. Add LogDet of the
// model's [Units] for that in the units of the data.
func (m *Model) LogProbGraph(scope *model.Scope, rows *Node) *Node {
	x, context := m.Split(rows)
	return m.flow.LogProb(scope, x, context)
}

// Forward maps latents z, [n, D] (or [n, D+C], the context behind), to events,
// and returns all states on the way, each [n, D]: z, after each bijector, and
// last x in the units of the data. All but x are in standardized units, and so is the
// state before it, where the flow has a scaler.
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

// Inverse maps events x, [n, D] (or [n, D+C], the context behind), to latents,
// and returns all states on the way, each [n, D]: x, x in standardized units where
// the flow has a scaler, after undoing each bijector from the last to the first, and
// last z.
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
			copy(states[i][first:], rows(t, m.Features())) // but for the padding
		}
		return nil
	})
	return states, err
}
