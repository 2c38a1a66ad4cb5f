package byhand

import "math"

// Coupling is an affine coupling layer. Features where Mask is true are frozen: they pass
// unchanged and, through the conditioner, determine how the others move.
//
//	(r, t) = conditioner(clip(z_frozen, ±InputBound)),   s = MaxLogScale·tanh(r/MaxLogScale)
//	x_moving = z_moving ⊙ exp(s) + t
//	log|det df/dz| = Σ_moving s
//
// If nothing is frozen, as with a single feature, the conditioner reads a constant 1.
type Coupling[T Float] struct {
	Mask        []bool     // [D]
	Conditioner []Dense[T] // ReLU in between; the last returns the r of all moving features, then the t
	InputBound  float64
	MaxLogScale float64 // nats
}

// pass holds what a coupling computes for a batch of B rows, with F frozen and M moving
// features. The backward pass reads it.
type pass[T Float] struct {
	frozen, moving []int       // features
	h              []matrix[T] // h[0] the conditioner's input, [B, F]; h[i+1] the output of dense layer i; the last is (r, t), [B, 2·M]
	s              matrix[T]   // the log-scales, [B, M]
	z              matrix[T]   // the moving features on the side of z, [B, M]
}

// forward maps v, [B, D], from z to x in place, and adds log|det dx/dz| to logDet, [B].
func (c *Coupling[T]) forward(v *matrix[T], logDet []float64, p *pass[T], multiply Product[T]) {
	c.parameters(v, p, multiply)
	for b := range v.rows {
		row, s, t := v.row(b), p.s.row(b), p.shift(b)
		for j, d := range p.moving {
			row[d] = row[d]*exp(s[j]) + t[j]
			logDet[b] += float64(s[j])
		}
	}
}

// inverse maps v, [B, D], from x to z in place, and adds log|det dz/dx| to logDet, [B].
// It need not invert the conditioner, which reads frozen features only: they are the same
// in z and x.
func (c *Coupling[T]) inverse(v *matrix[T], logDet []float64, p *pass[T], multiply Product[T]) {
	c.parameters(v, p, multiply)
	p.z.resize(v.rows, len(p.moving))
	for b := range v.rows {
		row, s, t, z := v.row(b), p.s.row(b), p.shift(b), p.z.row(b)
		for j, d := range p.moving {
			z[j] = (row[d] - t[j]) * exp(-s[j])
			row[d] = z[j]
			logDet[b] -= float64(s[j])
		}
	}
}

// parameters computes s and t of the moving features of v, [B, D], by the conditioner.
func (c *Coupling[T]) parameters(v *matrix[T], p *pass[T], multiply Product[T]) {
	p.start(c)
	c.input(v, p)
	for i := range c.Conditioner {
		c.Conditioner[i].forward(&p.h[i+1], &p.h[i], multiply)
		if i+1 < len(c.Conditioner) {
			relu(&p.h[i+1])
		}
	}
	limit := T(c.MaxLogScale)
	p.s.resize(v.rows, len(p.moving))
	for b := range v.rows {
		r := p.answer().row(b)
		for j := range p.moving {
			p.s.row(b)[j] = limit * tanh(r[j]/limit)
		}
	}
}

// input sets h[0] to the frozen features of v, clipped.
func (c *Coupling[T]) input(v *matrix[T], p *pass[T]) {
	bound := T(c.InputBound)
	in := &p.h[0]
	in.resize(v.rows, c.Conditioner[0].In)
	if len(p.frozen) == 0 {
		for i := range in.data {
			in.data[i] = 1
		}
	}
	for b := range v.rows {
		for j, d := range p.frozen {
			in.row(b)[j] = min(max(v.row(b)[d], -bound), bound)
		}
	}
}

// start prepares p for a pass through c, reusing its memory.
func (p *pass[T]) start(c *Coupling[T]) {
	p.frozen, p.moving = p.frozen[:0], p.moving[:0]
	for d, frozen := range c.Mask {
		if frozen {
			p.frozen = append(p.frozen, d)
		} else {
			p.moving = append(p.moving, d)
		}
	}
	for len(p.h) <= len(c.Conditioner) {
		p.h = append(p.h, matrix[T]{})
	}
	p.h = p.h[:len(c.Conditioner)+1]
}

// answer returns the conditioner's output (r, t), [B, 2·M].
func (p *pass[T]) answer() *matrix[T] { return &p.h[len(p.h)-1] }

// shift returns t of row b, [M].
func (p *pass[T]) shift(b int) []T { return p.answer().row(b)[len(p.moving):] }

func exp[T Float](v T) T  { return T(math.Exp(float64(v))) }
func tanh[T Float](v T) T { return T(math.Tanh(float64(v))) }
