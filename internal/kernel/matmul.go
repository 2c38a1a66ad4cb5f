package kernel

import "sync"

// MatMul adds a·b to c, [m, n], for a of [m, k] and b of [k, n], or of [k, m] and [n, k]
// if aT and bT say that they are transposed: all row by row.
func MatMul(c, a, b []float32, m, k, n int, aT, bT bool) { best.matMul(c, a, b, m, k, n, aT, bT) }

func (s *Set) matMul(c, a, b []float32, m, k, n int, aT, bT bool) {
	if m == 0 || k == 0 || n == 0 {
		return
	}
	p := Product{M: m, K: k, W: a, StrideI: k, StrideK: 1, Start: Add}
	if aT {
		p.StrideI, p.StrideK = 1, m
	}
	if bT {
		turned := padded.Get().(*[]float32)
		defer padded.Put(turned)
		*turned = resize(*turned, k*n)
		s.turn(*turned, b, n, k)
		b = *turned
	}
	whole := n / Lanes * Lanes
	if whole > 0 {
		p.N, p.Out, p.LdOut, p.In, p.LdIn = whole, c, n, b, n
		s.Multiply(&p)
	}
	rest := n - whole
	if rest == 0 {
		return
	}
	// The rest is narrower than a vector: it goes in and out by padded columns.
	columns, sums := padded.Get().(*[]float32), padded.Get().(*[]float32)
	defer padded.Put(columns)
	defer padded.Put(sums)
	*columns, *sums = resize(*columns, k*Lanes), resize(*sums, m*Lanes)
	for i := range k {
		row := (*columns)[i*Lanes:][:Lanes]
		clear(row[copy(row, b[i*n+whole:][:rest]):])
	}
	p.N, p.Out, p.LdOut, p.In, p.LdIn, p.Start = Lanes, *sums, Lanes, *columns, Lanes, Zero
	s.Multiply(&p)
	for i := range m {
		for j, v := range (*sums)[i*Lanes:][:rest] {
			c[i*n+whole+j] += v
		}
	}
}

// turn writes b, [rows, columns], as out, [columns, rows].
func (s *Set) turn(out, b []float32, rows, columns int) {
	if columns == Block && rows%Lanes == 0 {
		s.Transpose(out, b, rows)
		return
	}
	for i := range rows {
		for j, v := range b[i*columns:][:columns] {
			out[j*rows+i] = v
		}
	}
}

var padded = sync.Pool{New: func() any { return new([]float32) }}

func resize(s []float32, n int) []float32 {
	if cap(s) < n {
		return make([]float32, n)
	}
	return s[:n]
}
