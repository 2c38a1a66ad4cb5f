package kernel

import "fmt"

// Start says what the sums of a product begin with.
type Start int

// The assembly depends on these numbers.
const (
	Zero Start = iota
	Bias       // one number per row
	Add        // the previous contents of the result
)

// End says what is done to the sums of a product.
type End int

const (
	None End = iota
	ReLU     // max(0, sum)
	Mask     // zero where the mask, a matrix laid out like the result, is not positive
)

// Product is Out = end(start + W·In) for W of [M, K], In of [K, N], with rows of Out and
// In LdOut and LdIn float32s apart. N is a multiple of [Lanes].
//
// W[i, k] is at W[i·StrideI + k·StrideK]: a matrix and its transpose differ only in their
// strides.
type Product struct {
	M, K, N          int
	Out              []float32
	LdOut            int
	W                []float32
	StrideI, StrideK int
	In               []float32
	LdIn             int
	Start            Start
	Bias             []float32 // [M], if Start is Bias
	End              End
	Mask             []float32 // like Out, if End is Mask
}

func (p *Product) check() {
	if p.M < 1 || p.K < 1 || p.N < 1 || p.N%Lanes != 0 {
		panic(fmt.Sprintf("kernel: a product of [%d, %d] and [%d, %d]: sizes must be positive, the last a multiple of %d", p.M, p.K, p.K, p.N, Lanes))
	}
	// The last element used; a runtime panic names the index.
	_ = p.Out[(p.M-1)*p.LdOut+p.N-1]
	_ = p.W[(p.M-1)*p.StrideI+(p.K-1)*p.StrideK]
	_ = p.In[(p.K-1)*p.LdIn+p.N-1]
	if p.Start == Bias {
		_ = p.Bias[p.M-1]
	}
	if p.End == Mask {
		_ = p.Mask[(p.M-1)*p.LdOut+p.N-1]
	}
}

// Multiply computes p. It panics if the sizes do not fit.
func (s *Set) Multiply(p *Product) {
	p.check()
	if s.vector == nil {
		p.portable()
		return
	}
	mode := int(p.Start) | int(p.End)<<2
	for column := 0; column < p.N; {
		for i, width := range s.vector.widths {
			for ; column+width <= p.N; column += width {
				bias, mask := &p.W[0], &p.W[0] // not read
				if p.Start == Bias {
					bias = &p.Bias[0]
				}
				if p.End == Mask {
					mask = &p.Mask[column]
				}
				s.vector.products[i](&p.Out[column], &p.W[0], &p.In[column], bias, mask,
					p.M, p.K, 4*p.LdOut, 4*p.LdIn, 4*p.StrideI, 4*p.StrideK, mode)
			}
		}
	}
}

func (p *Product) portable() {
	for i := range p.M {
		out := p.Out[i*p.LdOut:][:p.N]
		switch p.Start {
		case Zero:
			clear(out)
		case Bias:
			for j := range out {
				out[j] = p.Bias[i]
			}
		}
		for k := range p.K {
			w, in := p.W[i*p.StrideI+k*p.StrideK], p.In[k*p.LdIn:][:p.N]
			for j := range out {
				out[j] += w * in[j]
			}
		}
		switch p.End {
		case ReLU:
			for j := range out {
				out[j] = max(0, out[j])
			}
		case Mask:
			for j, h := range p.Mask[i*p.LdOut:][:p.N] {
				if !(h > 0) {
					out[j] = 0
				}
			}
		}
	}
}
