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
	"github.com/gomlx/compute/shapes"
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
	if err := m.CreateVariables(); err != nil {
		return nil, fmt.Errorf("flow: building the model: %w", err)
	}
	return m, nil
}

// CreateVariables adds those of the flow that are not in the store yet, in the
// precision of the model: for a Flow of one's own in the place of the config's.
func (m *Model) CreateVariables() error {
	_, err := model.CallOnce(m.Backend, m.Store, func(scope *model.Scope, rows *Node) *Node {
		return m.LogProbGraph(scope, rows)
	}, tensors.FromShape(shapes.Make(m.DType, 1, m.Config.Columns())))
	return err
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
// context behind the features: then it is log p(x | context). -Inf is a density of 0:
// of a row outside of what a uniform base reaches, or one so far out that on its way
// to the latents it leaves the range of the model's precision.
//
// It returns an error if a row has another width or is not finite, or if a
// log-density is NaN for another reason: the weights are broken.
func (m *Model) LogProb(rows [][]float64) ([]float64, error) {
	logProb := make([]float64, len(rows))
	logDet := m.Config.Units().LogDet()
	err := m.eachChunk("logprob", m.Config.Units(), rows, func(scope *model.Scope, rows *Node) []*Node {
		x, context := m.Split(rows)
		return []*Node{m.Flow.Score(scope, x, context)}
	}, func(first int, out []*tensors.Tensor) error {
		for i, lp := range column(out[0])[:min(len(rows)-first, out[0].Shape().Dim(0))] { // but for the padding
			logProb[first+i] = lp + logDet
		}
		return nil
	})
	if err == nil && slices.ContainsFunc(logProb, math.IsNaN) {
		err = m.settleNaN(logProb, rows)
	}
	if err != nil {
		return nil, err
	}
	return logProb, nil
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
	if m.DType == dtypes.Float64 {
		far = math.Sqrt(math.MaxFloat64)
	}
	states, err := m.states("inverse", m.Config.Units(), bad, m.Flow.Inverse)
	if err != nil {
		return err
	}
	for k, i := range which {
		overflows := slices.ContainsFunc(states, func(state [][]float64) bool {
			return slices.ContainsFunc(state[k], func(v float64) bool { return math.Abs(v) >= far })
		})
		if !overflows {
			return fmt.Errorf("flow: %w: row %d, %v: the weights are broken", ErrNaN, i, rows[i])
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
// last x in the units of the data. All but x are in standardized units, and so is the
// state before it, where the flow has a scaler.
func (m *Model) Forward(z [][]float64) (states [][][]float64, err error) {
	units := m.Config.Units()
	states, err = m.states("forward", units.latents(), z, m.Flow.Forward)
	if err != nil || m.Config.Scaler == nil || len(states) == 0 {
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
	states, err = m.states("inverse", m.Config.Units(), x, m.Flow.Inverse)
	if err != nil || m.Config.Scaler == nil || len(states) == 0 {
		return states, err
	}
	events := make([][]float64, len(x))
	for i, row := range x {
		events[i] = slices.Clone(row[:m.Config.Features])
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

// eachChunk runs a graph on x, [n, D+C], in standardized units, chunk by chunk, and hands what comes out to
// take, with the number of the first row. The last chunk is padded with its last row.
// On the pure-Go backend chunks are taken side by side, in any order.
func (m *Model) eachChunk(name string, units Units, x [][]float64, graph func(scope *model.Scope, x *Node) []*Node, take func(first int, out []*tensors.Tensor) error) error {
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
		out, err := exec.Call(m.tensor(units, slices.Concat(chunk, slices.Repeat(chunk[len(chunk)-1:], size-len(chunk)))))
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

// Tensor returns rows, [n, D+C], in standardized units and in the model's precision:
// what its graphs take.
func (m *Model) Tensor(x [][]float64) *tensors.Tensor { return m.tensor(m.Config.Units(), x) }

func (m *Model) tensor(units Units, x [][]float64) *tensors.Tensor {
	d := m.Config.Columns()
	if m.DType == dtypes.Float64 {
		flat := make([]float64, len(x)*d)
		for i, row := range x {
			units.Apply(flat[i*d:(i+1)*d], row)
		}
		return tensors.FromFlatDataAndDimensions(flat, len(x), d)
	}
	return tensors.FromFlatDataAndDimensions(units.Append32(make([]float32, 0, len(x)*d), x...), len(x), d)
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
