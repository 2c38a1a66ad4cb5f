package kernel

import (
	"fmt"
	"math"
)

// sameLength returns the length of the arrays of the functions below, unless their
// comments say otherwise. It panics if they differ or are not a multiple of [Lanes].
func sameLength(arrays ...[]float32) int {
	n := len(arrays[0])
	for _, a := range arrays {
		if len(a) != n || n == 0 || n%Lanes != 0 {
			panic(fmt.Sprintf("kernel: arrays of %d and %d numbers: expected one length, a multiple of %d", n, len(a), Lanes))
		}
	}
	return n
}

// AffineInverse moves a feature v by the conditioner's answer, r and t: with s =
// limit·tanh(r/limit) it sets out = (v - t)·exp(-s), and logDet -= s. For the backward
// pass it sets scale = exp(-s), slope = ds/dr. |limit| is at most 80.
func (s *Set) AffineInverse(out, logDet, scale, slope, v, r, t []float32, limit float32) {
	n := sameLength(out, logDet, scale, slope, v, r, t)
	if s.vector != nil {
		s.vector.affineInverse(&out[0], &logDet[0], &scale[0], &slope[0], &v[0], &r[0], &t[0], n, limit, 1/limit)
		return
	}
	for i := range n {
		var logScale float32
		logScale, slope[i] = softLimit(r[i], limit)
		logDet[i] -= logScale
		scale[i] = float32(math.Exp(-float64(logScale)))
		out[i] = (v[i] - t[i]) * scale[i]
	}
}

// AffineForward is the inverse: out = v·exp(s) + t, and logDet += s, scale = exp(s).
func (s *Set) AffineForward(out, logDet, scale, slope, v, r, t []float32, limit float32) {
	n := sameLength(out, logDet, scale, slope, v, r, t)
	if s.vector != nil {
		s.vector.affineForward(&out[0], &logDet[0], &scale[0], &slope[0], &v[0], &r[0], &t[0], n, limit, 1/limit)
		return
	}
	for i := range n {
		var logScale float32
		logScale, slope[i] = softLimit(r[i], limit)
		logDet[i] += logScale
		scale[i] = float32(math.Exp(float64(logScale)))
		out[i] = v[i]*scale[i] + t[i]
	}
}

// softLimit returns s = limit·tanh(r/limit) and ds/dr.
func softLimit(r, limit float32) (s, slope float32) {
	tanh := math.Tanh(float64(r / limit))
	return limit * float32(tanh), float32(1 - tanh*tanh)
}

// AffineBackward is the backward pass of [Set.AffineInverse] for a loss L with the term
// weight·s in addition to what depends on its result z: it turns d = dL/dz into dL/dv,
// and sets dr and dt.
//
//	dL/dv = dL/dz·scale,   dL/dt = -dL/dv,   dL/dr = (weight - dL/dz·z)·slope
func (s *Set) AffineBackward(dr, dt, d, z, scale, slope, weight []float32) {
	n := sameLength(dr, dt, d, z, scale, slope, weight)
	if s.vector != nil {
		s.vector.affineBackward(&dr[0], &dt[0], &d[0], &z[0], &scale[0], &slope[0], &weight[0], n)
		return
	}
	for i := range n {
		dr[i] = (weight[i] - d[i]*z[i]) * slope[i]
		d[i] *= scale[i]
		dt[i] = -d[i]
	}
}

// Clip sets out to in, clipped at ±bound.
func (s *Set) Clip(out, in []float32, bound float32) {
	n := sameLength(out, in)
	if s.vector != nil {
		s.vector.clip(&out[0], &in[0], n, bound)
		return
	}
	for i, v := range in {
		out[i] = max(-bound, min(bound, v))
	}
}

// ClipBackward adds dOut to d where out, the result of [Set.Clip], is not clipped.
func (s *Set) ClipBackward(d, dOut, out []float32, bound float32) {
	n := sameLength(d, dOut, out)
	if s.vector != nil {
		s.vector.clipBackward(&d[0], &dOut[0], &out[0], n, bound)
		return
	}
	for i, v := range out {
		if v > -bound && v < bound {
			d[i] += dOut[i]
		}
	}
}

// Add adds in to out.
func (s *Set) Add(out, in []float32) {
	n := sameLength(out, in)
	if s.vector != nil {
		s.vector.add(&out[0], &in[0], n)
		return
	}
	for i, v := range in {
		out[i] += v
	}
}

// SumSquares returns Σ v².
func (s *Set) SumSquares(values []float32) float32 {
	n := sameLength(values)
	if s.vector != nil {
		return s.vector.sumSquares(&values[0], n)
	}
	var sum float32
	for _, v := range values {
		sum += v * v
	}
	return sum
}

// Dots adds to g, [m, n], the scalar products of the rows of a, [m, Block], and d,
// [n, Block].
func (s *Set) Dots(g, a, d []float32, m, n int) {
	g, a, d = g[:m*n], a[:m*Block], d[:n*Block]
	if s.vector != nil {
		s.vector.dots(&g[0], &a[0], &d[0], m, n)
		return
	}
	for i := range g {
		var sum float32
		row, column := a[i/n*Block:][:Block], d[i%n*Block:][:Block]
		for r, v := range row {
			sum += v * column[r]
		}
		g[i] += sum
	}
}

// Transpose writes in, [rows, Block], as out, [Block, rows]; rows is a multiple of [Lanes].
func (s *Set) Transpose(out, in []float32, rows int) {
	out, in = out[:sameLength(out[:rows*Block], in[:rows*Block])], in[:rows*Block]
	if rows%Lanes != 0 {
		panic(fmt.Sprintf("kernel: transposing %d rows, expected a multiple of %d", rows, Lanes))
	}
	if s.vector != nil {
		s.vector.transpose(&out[0], &in[0], rows, 4*rows)
		return
	}
	for i := range rows {
		for j, v := range in[i*Block:][:Block] {
			out[j*rows+i] = v
		}
	}
}
