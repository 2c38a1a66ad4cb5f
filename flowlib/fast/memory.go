package fast

import (
	"fmt"
	"unsafe"

	"normflow/internal/kernel"
)

// memory is where the numbers of a flow stand: all in one array, so that a step of
// training goes through them once, in places that suit the kernels.
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
	fixed              bool // it is no weight: training leaves it
	decays             bool // weight decay shrinks it
}

func (m *memory) add(a array) array {
	a.name = m.prefix + a.name
	m.arrays = append(m.arrays, a)
	return a
}

// vector takes room for n numbers, matrix for [rows, cols].
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

// fix says of the last array that it is no weight.
func (m *memory) fix() { m.arrays[len(m.arrays)-1].fixed = true }

func (a array) in(all []float32) []float32 { return all[a.at:][:a.rows*a.stride] }

// dense is a dense layer: its weights, [in, out], then its biases, [out], in rows of
// stride floats: out, or a multiple of a vector where that is more than one.
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

// Arrays are the weights of an engine, or as many other numbers, in the arrays that
// other programs hold them in, row by row: those of each layer, z to x, and of the base.
type Arrays struct {
	arrays []array
	values []float32 // as the kernels want them
}

// Len is the number of arrays.
func (a Arrays) Len() int { return len(a.arrays) }

// Name of array i, such as "00/conditioner/out/biases" or "base/means".
func (a Arrays) Name(i int) string { return a.arrays[i].name }

// Fixed says that array i is not trained.
func (a Arrays) Fixed(i int) bool { return a.arrays[i].fixed }

// Size is the number of numbers in array i.
func (a Arrays) Size(i int) int { return a.arrays[i].rows * a.arrays[i].cols }

// Set copies from to array i, and Get array i to to. They panic if the lengths differ.
func (a Arrays) Set(i int, from []float32) {
	a.eachRow(i, len(from), func(own []float32, at int) { copy(own, from[at:]) })
}

// Get is the opposite of Set.
func (a Arrays) Get(i int, to []float32) {
	a.eachRow(i, len(to), func(own []float32, at int) { copy(to[at:], own) })
}

// eachRow calls do for each row of array i and where it begins in one of n numbers.
func (a Arrays) eachRow(i, n int, do func(own []float32, at int)) {
	if n != a.Size(i) {
		panic(fmt.Sprintf("fast: %d numbers for %s, expected %d", n, a.Name(i), a.Size(i)))
	}
	of := a.arrays[i]
	for row := range of.rows {
		do(a.values[of.at+row*of.stride:][:of.cols], row*of.cols)
	}
}

// pool hands out the buffers of one worker. Who asks for one of the same name and size
// gets the same: layers that run one after the other need one for all of them, and it
// stays in the cache. In training each layer keeps what its backward pass reads.
type pool struct {
	trains  bool
	shared  map[string][]float32
	splines map[string]*kernel.Spline
}

func newPool(trains bool) *pool {
	return &pool{trains: trains, shared: map[string][]float32{}, splines: map[string]*kernel.Spline{}}
}

// rows takes n rows of a block, for what the backward pass reads.
func (p *pool) rows(name string, n int) []float32 {
	if p.trains {
		return aligned(n * block)
	}
	return p.scratch(name, n)
}

// scratch takes n rows of a block that the next layer may overwrite.
func (p *pool) scratch(name string, n int) []float32 {
	key := fmt.Sprintf("%s %d", name, n)
	if p.shared[key] == nil {
		p.shared[key] = aligned(n * block)
	}
	return p.shared[key]
}

// spline makes room for the curve of one moving feature.
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

// withOnes takes n rows and one behind of ones, for the biases.
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

// aligned returns n floats that begin with a cache line, as vectors of 64 bytes like it.
func aligned(n int) []float32 {
	const line = 64
	s := make([]float32, n+line/4)
	skip := 0
	if n > 0 {
		skip = int(-uintptr(unsafe.Pointer(&s[0])) % line / 4)
	}
	return s[skip:][:n:n]
}
