package flow

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"golang.org/x/sync/errgroup"

	"normflow/flowlib/backend"
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

	mu       sync.Mutex
	execs    map[string]*model.Exec
	compiled map[string]int // the size of the chunk that each was last run on
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
	m := &Model{Flow: f, Config: cfg, Backend: backend, Store: model.NewStore(), DType: dtype, execs: map[string]*model.Exec{}, compiled: map[string]int{}}
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
	logProb := make([]float64, len(rows))
	err := m.eachChunk("logprob", rows, func(scope *model.Scope, rows *Node) []*Node {
		return []*Node{m.LogProbGraph(scope, rows)}
	}, func(first int, out []*tensors.Tensor) error {
		for i, lp := range column(out[0]) {
			if first+i == len(rows) {
				break // the rest is padding
			}
			if math.IsNaN(lp) {
				return fmt.Errorf("flow: %w: row %d, %v: it is too far out for %s, or the weights are broken", ErrNaN, first+i, rows[first+i], m.DType)
			}
			logProb[first+i] = lp
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return logProb, nil
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
	var mu sync.Mutex
	err = m.eachChunk(name, in, func(scope *model.Scope, rows *Node) []*Node {
		v, context := m.Split(rows)
		return run(scope, v, context)
	}, func(first int, out []*tensors.Tensor) error {
		mu.Lock()
		defer mu.Unlock()
		for len(states) < len(out) {
			states = append(states, make([][]float64, len(in)))
		}
		for i, t := range out {
			copy(states[i][first:], rows(t, m.Config.Features)) // but for the padding
		}
		return nil
	})
	return states, err
}

// Chunks have one of these sizes, so that each graph is compiled a few times at
// most; larger ones gain no speed and cost memory.
const (
	maxChunk = 4096

	// The pure-Go backend works through a graph operation by operation, on one core:
	// small chunks stay in its cache, and the cores take a chunk each.
	maxGoChunk = 512
)

// chunkSize is the size for n rows.
func (m *Model) chunkSize(n int) int {
	largest := maxChunk
	if m.onGo() {
		largest = maxGoChunk
	}
	for _, size := range []int{1, 64} {
		if n <= size {
			return size
		}
	}
	return largest
}

func (m *Model) onGo() bool { return backend.Name(m.Backend) == "go" }

// eachChunk runs a graph on x, [n, D+C], chunk by chunk, and hands what comes out to
// take, with the number of the first row. The last chunk is padded with its last row.
// On the pure-Go backend chunks are taken side by side, in any order.
func (m *Model) eachChunk(name string, x [][]float64, graph func(scope *model.Scope, x *Node) []*Node, take func(first int, out []*tensors.Tensor) error) error {
	if err := dataset.CheckRows(x, m.Config.Columns()); err != nil {
		return fmt.Errorf("flow: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	exec, err := m.exec(name, graph)
	if err != nil {
		return err
	}
	size := m.chunkSize(len(x))
	do := func(first int) error {
		chunk := x[first:min(first+size, len(x))]
		out, err := exec.Call(m.Tensor(slices.Concat(chunk, slices.Repeat(chunk[len(chunk)-1:], size-len(chunk)))))
		if err != nil {
			return fmt.Errorf("flow: %s: %w", name, err)
		}
		return take(first, out)
	}
	var cores errgroup.Group
	cores.SetLimit(1)
	if m.onGo() {
		cores.SetLimit(runtime.GOMAXPROCS(0))
	}
	errs := make([]error, len(x)/size+1)
	for first := 0; first < len(x); first += size {
		if m.compiled[name] != size { // alone, since it compiles
			if err := do(first); err != nil {
				return err
			}
			m.compiled[name] = size
			continue
		}
		cores.Go(func() error {
			errs[first/size] = do(first)
			return nil
		})
	}
	cores.Wait() //nolint:errcheck // all are in errs, in order
	return cmp.Or(errs...)
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
