package byhand

import "slices"

// Backprop computes the gradient of the mean NLL of a batch with respect to every weight
// of a flow. It reuses its memory from batch to batch, so each goroutine needs its own.
//
// # The derivation
//
// Scoring sends a batch x, [B, D], through the couplings from the last to the first:
//
//	x = u_L → u_(L-1) → … → u_0 = z
//
// and the loss is
//
//	L = 1/B Σ_b ( ½ Σ_d z_bd² + ½·D·log 2π + Σ_layers Σ_moving s_b )
//
// The weights act on L in two ways only: through z, and through the sum of the s. The
// derivatives by these are
//
//	∂L/∂z_bd = z_bd/B
//	∂L/∂s_bj = 1/B, plus what comes through the z that depends on s
//
// The chain rule goes back the way the batch came, from the first coupling to the last.
// Each receives ∂L/∂u on its side of z, computes the gradient of its own weights from it
// ([Coupling.backward], [Dense.backward]), and passes on ∂L/∂u on its side of x. The last
// coupling has nobody to pass it to.
type Backprop[T Float] struct {
	flow     *Flow[T]
	gradient *Flow[T]  // same shape as flow: ∂L/∂w in place of w
	passes   []pass[T] // of each coupling
	logDet   []float64 // [B]
	u        matrix[T] // the batch between couplings, [B, D]
	scratch  scratch[T]
}

// scratch is what the backward passes of all couplings share.
type scratch[T Float] struct {
	perRow T           // 1/B
	ones   []T         // [chunkRows]
	dH     []matrix[T] // ∂L/∂h[i]
}

// NewBackprop returns a Backprop for f, whose weights may change between two gradients
// but whose shape may not.
func NewBackprop[T Float](f *Flow[T]) *Backprop[T] {
	p := &Backprop[T]{flow: f, gradient: f.Clone(), passes: make([]pass[T], len(f.Layers))}
	p.scratch.ones = slices.Repeat([]T{1}, chunkRows)
	return p
}

// Gradient returns the mean NLL of a batch x, [B, D], in nats, and its gradient: a flow
// whose weights are the derivatives by the weights, valid until the next call.
func (p *Backprop[T]) Gradient(x []T) (nll float64, gradient *Flow[T]) {
	rows := p.flow.rows(x)
	return p.part(x, rows) / float64(rows), p.gradient
}

// part returns the sum of the NLLs of some rows x of a batch of the given size, and sets
// the gradient to their contribution: L is a sum over rows, so its gradient is the sum
// over chunks of rows.
func (p *Backprop[T]) part(x []T, batch int) (nll float64) {
	p.scratch.perRow = 1 / T(batch)
	p.gradient.clear()
	for chunk := range slices.Chunk(x, chunkRows*p.flow.Features) {
		nll += p.forth(chunk)
		p.back()
	}
	return nll
}

// forth is [Flow.Inverse], but remembers every pass. It returns the sum of the NLLs, and
// leaves z in p.u.
func (p *Backprop[T]) forth(x []T) (nll float64) {
	f, u := p.flow, &p.u
	u.resize(f.rows(x), f.Features)
	copy(u.data, x)
	p.logDet = slices.Grow(p.logDet[:0], u.rows)[:u.rows]
	clear(p.logDet)

	for i := len(f.Layers) - 1; i >= 0; i-- {
		f.Layers[i].inverse(u, p.logDet, &p.passes[i], f.product())
	}
	for b := range u.rows {
		nll -= logNormal(u.row(b)) + p.logDet[b]
	}
	return nll
}

// back starts from z in p.u, and adds to the gradient.
func (p *Backprop[T]) back() {
	dU := &p.u
	for i := range dU.data {
		dU.data[i] *= p.scratch.perRow // ∂L/∂z = z/B
	}
	for i := range p.flow.Layers {
		p.flow.Layers[i].backward(&p.gradient.Layers[i], dU, &p.passes[i], &p.scratch, p.flow.product())
	}
}

// backward replaces dU = ∂L/∂(z side), [B, D], by ∂L/∂(x side), and adds to gradient. p
// is what [Coupling.inverse] left. For one row and one moving feature, that computed
//
//	s = max·tanh(r/max)
//	z = (x - t)·exp(-s)
//
// and s also enters the loss directly, with the factor 1/B. Hence, with dz = ∂L/∂z,
//
//	∂L/∂x =  dz·exp(-s)
//	∂L/∂t = -dz·exp(-s)
//	∂L/∂s = -dz·z + 1/B          as ∂z/∂s = -(x - t)·exp(-s) = -z
//	∂L/∂r = ∂L/∂s·(1 - (s/max)²)  as tanh′ = 1 - tanh²
//
// A frozen feature passes unchanged, and so does its ∂L/∂u; but it was also an input of
// the conditioner, which adds ∂L/∂h[0] unless the clip cut it off.
func (c *Coupling[T]) backward(gradient *Coupling[T], dU *matrix[T], p *pass[T], scratch *scratch[T], multiply Product[T]) {
	scratch.start(c)
	dAnswer := &scratch.dH[len(c.Conditioner)]
	dAnswer.resize(dU.rows, 2*len(p.moving))
	limit := T(c.MaxLogScale)
	for b := range dU.rows {
		row, s, z := dU.row(b), p.s.row(b), p.z.row(b)
		dR, dT := dAnswer.row(b)[:len(p.moving)], dAnswer.row(b)[len(p.moving):]
		for j, d := range p.moving {
			dz := row[d]
			dx := dz * exp(-s[j])
			dS := -dz*z[j] + scratch.perRow
			ratio := s[j] / limit
			dR[j] = dS * (1 - ratio*ratio)
			dT[j] = -dx
			row[d] = dx
		}
	}

	c.conditionerBackward(gradient, p, scratch, multiply)

	bound := T(c.InputBound)
	for b := range dU.rows {
		for j, d := range p.frozen {
			if in := p.h[0].row(b)[j]; -bound < in && in < bound {
				dU.row(b)[d] += scratch.dH[0].row(b)[j]
			}
		}
	}
}

// conditionerBackward goes from ∂L/∂(answer), the last of s.dH, to ∂L/∂(input), the
// first, and adds to gradient on the way.
func (c *Coupling[T]) conditionerBackward(gradient *Coupling[T], p *pass[T], s *scratch[T], multiply Product[T]) {
	for i := len(c.Conditioner) - 1; i >= 0; i-- {
		if i+1 < len(c.Conditioner) {
			reluBackward(&s.dH[i+1], &p.h[i+1])
		}
		c.Conditioner[i].backward(&gradient.Conditioner[i], &s.dH[i], &s.dH[i+1], &p.h[i], s.ones, multiply)
	}
}

func (s *scratch[T]) start(c *Coupling[T]) {
	for len(s.dH) <= len(c.Conditioner) {
		s.dH = append(s.dH, matrix[T]{})
	}
}
