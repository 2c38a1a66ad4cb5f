package kernel

import "math"

// noShare is the logarithm of the least share.
const noShare = -60

// Softmax turns count raw numbers of each of [Block] events, in rows stride apart, into
// parts of the whole, in rows of out, [count, Block]. A part below e⁻⁶⁰ of the largest is
// 0: further multiplication would take it below the normal range of a float32, where
// processors are a hundred times slower. The sum keeps more digits than a float32: its
// error would affect all parts, and move every knot.
func (s *Set) Softmax(out, raw []float32, count, stride int, whole float32) {
	_, _ = out[count*Block-1], raw[(count-1)*stride+Block-1]
	if s.vector != nil {
		s.vector.softmax(&out[0], &raw[0], Block, count, 4*stride, whole)
		return
	}
	for i := range Block {
		largest := raw[i]
		for k := range count {
			largest = max(largest, raw[k*stride+i])
		}
		var sum float64
		for k := range count {
			e := float32(math.Exp(float64(raw[k*stride+i] - largest)))
			if raw[k*stride+i]-largest < noShare {
				e = 0
			}
			out[k*Block+i] = e
			sum += float64(e)
		}
		for k := range count {
			out[k*Block+i] = float32(float64(out[k*Block+i]) * float64(whole) / sum)
		}
	}
}
