package kernel

import (
	"runtime"
	"sync"
)

// MatMul sets c, [m, n], to a·b for a of [m, k] and b of [k, n], all row by row: on
// all cores where that pays.
func MatMul(c, a, b []float32, m, k, n int) {
	const worthACore = 1 << 19 // multiply-adds
	parts := min(runtime.GOMAXPROCS(0), m, 1+m*k*n/worthACore)
	var wait sync.WaitGroup
	for part := 1; part < parts; part++ {
		wait.Go(func() {
			from, to := part*m/parts, (part+1)*m/parts
			best.matMul(c[from*n:to*n], a[from*k:to*k], b, to-from, k, n)
		})
	}
	best.matMul(c, a, b, m/parts, k, n)
	wait.Wait()
}

func (s *Set) matMul(c, a, b []float32, m, k, n int) {
	whole := n / Lanes * Lanes
	if whole > 0 {
		s.Multiply(&Product{M: m, K: k, N: whole, Out: c, LdOut: n, W: a, StrideI: k, StrideK: 1, In: b, LdIn: n})
	}
	rest := n - whole
	if rest == 0 {
		return
	}
	// What is left is less than a vector wide: in and out of padded columns.
	columns, sums := padded.Get().(*[]float32), padded.Get().(*[]float32)
	*columns, *sums = resize(*columns, k*Lanes), resize(*sums, m*Lanes)
	for i := range k {
		row := (*columns)[i*Lanes:][:Lanes]
		clear(row[copy(row, b[i*n+whole:][:rest]):])
	}
	s.Multiply(&Product{M: m, K: k, N: Lanes, Out: *sums, LdOut: Lanes, W: a, StrideI: k, StrideK: 1, In: *columns, LdIn: Lanes})
	for i := range m {
		copy(c[i*n+whole:][:rest], (*sums)[i*Lanes:])
	}
	padded.Put(columns)
	padded.Put(sums)
}

var padded = sync.Pool{New: func() any { return new([]float32) }}

func resize(s []float32, n int) []float32 {
	if cap(s) < n {
		return make([]float32, n)
	}
	return s[:n]
}
