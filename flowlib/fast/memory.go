package fast

import (
	"fmt"
	"unsafe"

	"normflow/internal/kernel"
)

// memory lays out the numbers of a flow in one array, aligned for the kernels, so that a
// training step passes through them once.
type memory struct {
	prefix string
	arrays []array
	size   int
}

// array is one variable: rows of numbers, stride apart.
type array struct {
	name               string
	rows, cols, stride int
	at                 int
	fixed              bool // not trained
	decays             bool // shrunk by weight decay
}

func (m *memory) add(a array) array {
	a.name = m.prefix + a.name
	m.arrays = append(m.arrays, a)
	return a
}

// vector reserves memory for n numbers, matrix for [rows, cols].
func (m *memory) vector(name string, n int) array {
	a := m.add(array{name: name, rows: 1, cols: n, stride: n, at: m.size})
	m.size += roundUp(n)
	return a
}

func (m *memory) matrix(name string, rows, cols int, decays bool) array {
	a := m.add(array{name: name, rows: rows, cols: cols, stride: cols, at: m.size, decays: decays})
	m.size += roundUp(rows * cols)
	return a
}

// fix marks the last array as not trained.
func (m *memory) fix() { m.arrays[len(m.arrays)-1].fixed = true }

func (a array) in(all []float32) []float32 { return all[a.at:][:a.rows*a.stride] }

// dense is a dense layer: its weights, [in, out], then its biases, [out], in rows of
// stride floats, which is out rounded up to a multiple of a vector if it is longer than
// one.
type dense struct {
	in, out, stride int
	at              int
}

func (m *memory) dense(name string, in, out int) dense {
	d := dense{in: in, out: out, stride: out, at: m.size}
	if !d.narrow() {
		d.stride = roundUp(out)
	}
	m.add(array{name: name + "/weights", rows: in, cols: out, stride: d.stride, at: d.at, decays: true})
	m.add(array{name: name + "/biases", rows: 1, cols: out, stride: d.stride, at: d.at + in*d.stride})
	m.size += roundUp(d.size())
	return d
}

func (d dense) narrow() bool { return d.out < kernel.Lanes }

func (d dense) size() int { return (d.in + 1) * d.stride }

func roundUp(n int) int { return (n + kernel.Lanes - 1) / kernel.Lanes * kernel.Lanes }

// Arrays are the weights of an engine, or one other number per weight, as separate arrays
// as other programs store them: those of each layer, z to x, then the base's.
type Arrays struct {
	arrays []array
	values []float32 // in the layout of the kernels
}

// Len returns the number of arrays.
func (a Arrays) Len() int { return len(a.arrays) }

// Name returns the name of array i, such as "00/conditioner/out/biases" or "base/means".
func (a Arrays) Name(i int) string { return a.arrays[i].name }

// Fixed reports whether array i is not trained.
func (a Arrays) Fixed(i int) bool { return a.arrays[i].fixed }

// Size returns how many numbers array i has.
func (a Arrays) Size(i int) int { return a.arrays[i].rows * a.arrays[i].cols }

// Set copies from to array i. It panics if the lengths differ.
func (a Arrays) Set(i int, from []float32) {
	a.eachRow(i, len(from), func(own []float32, at int) { copy(own, from[at:]) })
}

// Get copies array i to to. It panics if the lengths differ.
func (a Arrays) Get(i int, to []float32) {
	a.eachRow(i, len(to), func(own []float32, at int) { copy(to[at:], own) })
}

// eachRow calls do for each row of array i, with its offset in a slice of n numbers.
func (a Arrays) eachRow(i, n int, do func(own []float32, at int)) {
	if n != a.Size(i) {
		panic(fmt.Sprintf("fast: %d numbers for %s, expected %d", n, a.Name(i), a.Size(i)))
	}
	of := a.arrays[i]
	for row := range of.rows {
		do(a.values[of.at+row*of.stride:][:of.cols], row*of.cols)
	}
}

// pool hands out the buffers of one worker. The same name and size give the same buffer:
// layers that run one after the other share it, and it stays in the cache. In training
// each layer keeps what its backward pass reads.
type pool struct {
	trains  bool
	shared  map[string][]float32
	splines map[string]*kernel.Spline
}

func newPool(trains bool) *pool {
	return &pool{trains: trains, shared: map[string][]float32{}, splines: map[string]*kernel.Spline{}}
}

// rows returns n rows of a block, to be kept for the backward pass.
func (p *pool) rows(name string, n int) []float32 {
	if p.trains {
		return aligned(n * block)
	}
	return p.scratch(name, n)
}

// scratch returns n rows of a block that the next layer may overwrite.
func (p *pool) scratch(name string, n int) []float32 {
	key := fmt.Sprintf("%s %d", name, n)
	if p.shared[key] == nil {
		p.shared[key] = aligned(n * block)
	}
	return p.shared[key]
}

// spline allocates the curve of one moving feature.
func (p *pool) spline(bins int, bound float32, stride int) *kernel.Spline {
	if p.trains {
		return kernel.NewSpline(bins, bound, stride)
	}
	key := fmt.Sprint(bins, bound, stride)
	if p.splines[key] == nil {
		p.splines[key] = kernel.NewSpline(bins, bound, stride)
	}
	return p.splines[key]
}

// withOnes returns n rows and a row of ones for the biases.
func (p *pool) withOnes(name string, n int) []float32 {
	b := p.rows(name, n+1)
	ones(b[n*block:])
	return b
}

func ones(s []float32) {
	for i := range s {
		s[i] = 1
	}
}

// aligned returns n floats that start at a cache line of 64 bytes.
func aligned(n int) []float32 {
	const line = 64
	s := make([]float32, n+line/4)
	skip := 0
	if n > 0 {
		skip = int(-uintptr(unsafe.Pointer(&s[0])) % line / 4)
	}
	return s[skip:][:n:n]
}
