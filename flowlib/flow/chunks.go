package flow

import (
	"cmp"
	"fmt"
	"math"
	"runtime"
	"slices"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"golang.org/x/sync/errgroup"

	"normflow/flowlib/backend"
	"normflow/flowlib/dataset"
)

// Chunks come in few sizes, so that each graph is compiled only a few times. Larger
// chunks are no faster and need more memory.
const (
	maxChunk = 4096

	// The pure-Go backend runs a graph one operation at a time, on one core: small
	// chunks stay in its cache, and each core takes one.
	maxGoChunk = 512

	// Events of more than wide columns, such as pictures, come in chunks of maxWideChunk: what
	// a graph needs at a time grows with both.
	wide         = 256
	maxWideChunk = 256
)

// largestChunk returns how many events are computed at a time at most.
func (m *Model) largestChunk() int {
	if m.Columns() > wide {
		return maxWideChunk
	}
	return maxChunk
}

// chunkSize returns the chunk size for n rows.
func (m *Model) chunkSize(n int) int {
	largest := m.largestChunk()
	if m.onGo() {
		largest = min(largest, maxGoChunk)
	}
	for _, size := range []int{1, 64} {
		if n <= size {
			return size
		}
	}
	return largest
}

func (m *Model) onGo() bool { return backend.Name(m.backend) == "go" }

// eachChunk runs a graph on x, [n, D+C], in standardized units, one chunk at a time. It
// passes the outputs to take, with the index of the first row. The last chunk is padded
// with copies of its last row. On the pure-Go backend chunks run concurrently, in any
// order.
func (m *Model) eachChunk(name string, units Units, x [][]float64, graph func(scope *model.Scope, x *Node) []*Node, take func(first int, out []*tensors.Tensor) error) error {
	if err := dataset.CheckRows(x, m.Columns()); err != nil {
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
		if m.compiled[name] != size { // compiles, so it runs alone
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
	cores.Wait() //nolint:errcheck // errs has them all, in order
	return cmp.Or(errs...)
}

func (m *Model) exec(name string, graph func(scope *model.Scope, in *Node) []*Node) (*model.Exec, error) {
	if e, ok := m.execs[name]; ok {
		return e, nil
	}
	e, err := model.NewExec(m.backend, m.store, graph)
	if err != nil {
		return nil, fmt.Errorf("flow: %s: %w", name, err)
	}
	m.execs[name] = e
	return e, nil
}

// Tensor returns rows, [n, D+C], as the input of the model's graphs: in standardized
// units and in the model's precision.
func (m *Model) Tensor(x [][]float64) *tensors.Tensor { return m.tensor(m.Units(), x) }

func (m *Model) tensor(units Units, x [][]float64) *tensors.Tensor {
	d := m.Columns()
	if m.DType() == dtypes.Float64 {
		flat := make([]float64, len(x)*d)
		for i, row := range x {
			units.Apply(flat[i*d:(i+1)*d], row)
		}
		return tensors.FromFlatDataAndDimensions(flat, len(x), d)
	}
	return tensors.FromFlatDataAndDimensions(units.Append32(make([]float32, 0, len(x)*d), x...), len(x), d)
}

// column copies a tensor of either precision into a slice.
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
