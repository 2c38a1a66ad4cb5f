package flow

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"normflow/flowlib/dataset"
)

// Model is a flow with its numbers on a backend. Its methods take and return
// rows of float64, whatever the precision inside, and can be called from
// several goroutines; they must not run while package fit trains the model.
type Model struct {
	Flow    *Flow
	Config  Config
	Backend compute.Backend
	Store   *model.Store // the numbers; the flow's own lie under "/flow"
	DType   dtypes.DType

	mu    sync.Mutex
	execs map[string]*model.Exec
}

// NewModel builds the flow of cfg with fresh weights in float32: the identity,
// up to the scaler.
func NewModel(backend compute.Backend, cfg Config) (*Model, error) {
	return newModel(backend, cfg, dtypes.Float32)
}

func newModel(backend compute.Backend, cfg Config, dtype dtypes.DType) (*Model, error) {
	f, err := cfg.Build()
	if err != nil {
		return nil, err
	}
	m := &Model{Flow: f, Config: cfg, Backend: backend, Store: model.NewStore(), DType: dtype, execs: map[string]*model.Exec{}}
	m.Store.SetParam(model.ParamInitialSeed, cfg.Seed)
	if _, err := m.LogProb([][]float64{make([]float64, cfg.Columns())}); err != nil { // creates the variables
		return nil, fmt.Errorf("flow: building the model: %w", err)
	}
	return m, nil
}

// Float64 returns a copy of the model that computes in double precision.
func (m *Model) Float64() (*Model, error) {
	c, err := newModel(m.Backend, m.Config, dtypes.Float64)
	if err != nil {
		return nil, err
	}
	weights, err := m.Weights()
	if err != nil {
		return nil, err
	}
	return c, c.SetWeights(weights)
}

// NumParameters counts the trained numbers of the flow.
func (m *Model) NumParameters() int {
	n := 0
	for v := range m.Store.Scope("/" + scopeName).IterVariables() {
		if v.Trainable {
			n += v.Shape().Size()
		}
	}
	return n
}

// ErrNaN is what [Model.LogProb] and [Model.Draw] wrap where a log-density is not a number.
var ErrNaN = errors.New("the log-density is NaN")

// LogProb returns the log-density of each row, in nats and in the units of the
// data. Rows are [n, D], or [n, D+C] for a conditional flow, which carry their
// context behind the features: then it is log p(x | context). It returns an error
// if a row has another width or is not finite, or if a log-density is NaN; -Inf is
// a density of 0.
func (m *Model) LogProb(rows [][]float64) ([]float64, error) {
	logProb := make([]float64, 0, len(rows))
	err := m.eachChunk(rows, func(chunk [][]float64) error {
		out, err := m.call("logprob", func(scope *model.Scope, rows *Node) []*Node {
			return []*Node{m.LogProbGraph(scope, rows)}
		}, chunk)
		if err != nil {
			return err
		}
		for i, lp := range column(out[0])[:len(chunk)] {
			if math.IsNaN(lp) {
				return fmt.Errorf("flow: %w: row %d, %v: it is too far out for %s, or the weights are broken", ErrNaN, len(logProb)+i, chunk[i], m.DType)
			}
		}
		logProb = append(logProb, column(out[0])[:len(chunk)]...)
		return nil
	})
	return logProb, err
}

// LogProbGraph is the graph of LogProb: rows, [B, D+C], to [B].
func (m *Model) LogProbGraph(scope *model.Scope, rows *Node) *Node {
	x, context := m.Split(rows)
	return m.Flow.LogProb(scope, x, context)
}

// Split parts rows, [B, D+C], into features, [B, D], and context, [B, C], which
// is nil where the flow has none.
func (m *Model) Split(rows *Node) (x, context *Node) {
	d := m.Config.Features
	rows.AssertDims(-1, m.Config.Columns())
	if m.Config.Context == 0 {
		return rows, nil
	}
	return Slice(rows, AxisRange(), AxisRange(0, d)), Slice(rows, AxisRange(), AxisRangeToEnd(d))
}

// Forward maps latents z, [n, D] (or [n, D+C], the context behind), to events,
// and returns all states on the way, each [n, D]: z, after each bijector, and
// last x in the units of the data.
func (m *Model) Forward(z [][]float64) (states [][][]float64, err error) {
	return m.states("forward", z, m.Flow.Forward)
}

// Inverse maps events x, [n, D] (or [n, D+C], the context behind), to latents,
// and returns all states on the way, each [n, D]: x, after undoing each bijector
// from the last to the first, and last z.
func (m *Model) Inverse(x [][]float64) (states [][][]float64, err error) {
	return m.states("inverse", x, m.Flow.Inverse)
}

func (m *Model) states(name string, in [][]float64, run func(scope *model.Scope, v, context *Node) []*Node) (states [][][]float64, err error) {
	err = m.eachChunk(in, func(chunk [][]float64) error {
		out, err := m.call(name, func(scope *model.Scope, rows *Node) []*Node {
			v, context := m.Split(rows)
			return run(scope, v, context)
		}, chunk)
		if err != nil {
			return err
		}
		if states == nil {
			states = make([][][]float64, len(out))
		}
		for i, t := range out {
			states[i] = append(states[i], rows(t, m.Config.Features)[:len(chunk)]...)
		}
		return nil
	})
	return states, err
}

// Chunks have one of these sizes, so that each graph is compiled a few times at
// most; larger ones gain no speed and cost memory.
const maxChunk = 4096

var chunkSizes = []int{1, 64, maxChunk}

func (m *Model) eachChunk(x [][]float64, do func(chunk [][]float64) error) error {
	if err := dataset.CheckRows(x, m.Config.Columns()); err != nil {
		return fmt.Errorf("flow: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for chunk := range slices.Chunk(x, maxChunk) {
		if err := do(chunk); err != nil {
			return err
		}
	}
	return nil
}

// call runs a graph on one chunk, padded with its last row to a compiled size.
func (m *Model) call(name string, graph func(scope *model.Scope, x *Node) []*Node, chunk [][]float64) ([]*tensors.Tensor, error) {
	exec, err := m.exec(name, graph)
	if err != nil {
		return nil, err
	}
	size := maxChunk
	for _, s := range slices.Backward(chunkSizes) {
		if len(chunk) <= s {
			size = s
		}
	}
	padded := slices.Concat(chunk, slices.Repeat(chunk[len(chunk)-1:], size-len(chunk)))
	out, err := exec.Call(m.Tensor(padded))
	if err != nil {
		return nil, fmt.Errorf("flow: %s: %w", name, err)
	}
	return out, nil
}

func (m *Model) exec(name string, graph func(scope *model.Scope, in *Node) []*Node) (*model.Exec, error) {
	if e, ok := m.execs[name]; ok {
		return e, nil
	}
	e, err := model.NewExec(m.Backend, m.Store, graph)
	if err != nil {
		return nil, fmt.Errorf("flow: %s: %w", name, err)
	}
	m.execs[name] = e
	return e, nil
}

// Tensor copies rows, [n, D+C], into a tensor of the model's precision.
func (m *Model) Tensor(x [][]float64) *tensors.Tensor {
	d := m.Config.Columns()
	if m.DType == dtypes.Float64 {
		return tensors.FromFlatDataAndDimensions(slices.Concat(x...), len(x), d)
	}
	return tensors.FromFlatDataAndDimensions(float32s(slices.Concat(x...)), len(x), d)
}

func float32s(values []float64) []float32 {
	out := make([]float32, len(values))
	for i, v := range values {
		out[i] = float32(v)
	}
	return out
}

// column copies a tensor of either precision into one slice.
func column(t *tensors.Tensor) []float64 {
	var flat []float64
	t.MustConstFlatData(func(data any) {
		switch data := data.(type) {
		case []float64:
			flat = slices.Clone(data)
		case []float32:
			flat = make([]float64, len(data))
			for i, v := range data {
				flat[i] = float64(v)
			}
		default:
			flat = []float64{math.NaN()}
		}
	})
	return flat
}

func rows(t *tensors.Tensor, d int) [][]float64 {
	return slices.Collect(slices.Chunk(column(t), d))
}
