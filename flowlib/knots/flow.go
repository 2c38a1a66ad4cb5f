package knots

import (
	"fmt"
	"math"

	"normflow/flowlib/byhand"
)

// Flow is a RealNVP over two features whose conditioners are tables. Like [byhand.Flow]
// it works on standardized data. Batches are [B, 2], one event after the other in one
// slice; log-densities and log-determinants are in nats.
type Flow struct {
	Layers []Coupling `json:"layers"` // in the order of sampling, z to x
}

// Coupling freezes one feature and moves the other by it.
//
//	(r, t) = Table(z_frozen),   s = MaxLogScale·tanh(r/MaxLogScale)
//	x_moving = z_moving·exp(s) + t,   log|det df/dz| = s
type Coupling struct {
	Frozen      int     `json:"frozen"` // 0 or 1
	MaxLogScale float64 `json:"max_log_scale"`
	Table
}

// Compile returns the tables of f. leak is the slope below 0 of its conditioners'
// activation, 0 for ReLU. It returns an error if f has no tables: they need two features,
// one frozen and one moving in each coupling.
func Compile(f *byhand.Flow[float64], leak float64) (*Flow, error) {
	if err := f.Check(); err != nil {
		return nil, fmt.Errorf("knots: %w", err)
	}
	if f.Features != 2 {
		return nil, fmt.Errorf("knots: a flow over %d features, expected 2: a conditioner must read one number", f.Features)
	}
	k := &Flow{}
	for i, c := range f.Layers {
		if c.Mask[0] == c.Mask[1] {
			return nil, fmt.Errorf("knots: coupling %d freezes no feature, expected one of two", i)
		}
		if math.IsInf(c.InputBound, 0) {
			return nil, fmt.Errorf("knots: coupling %d: no bound on the conditioner's input, expected a finite one", i)
		}
		t, err := find(c, leak)
		if err != nil {
			return nil, fmt.Errorf("knots: coupling %d: %w", i, err)
		}
		own := Coupling{MaxLogScale: c.MaxLogScale, Table: t}
		if c.Mask[1] {
			own.Frozen = 1
		}
		k.Layers = append(k.Layers, own)
	}
	return k, nil
}

// Forward maps latents z, [B, 2], to events x, and returns log|det dx/dz|, [B].
func (f *Flow) Forward(z []float64) (x, logDet []float64) {
	x, logDet = start(z)
	for i := range f.Layers {
		c := &f.Layers[i]
		for b := range logDet {
			v := x[2*b:][:2]
			s, t := c.parameters(v[c.Frozen])
			v[1-c.Frozen] = v[1-c.Frozen]*math.Exp(s) + t
			logDet[b] += s
		}
	}
	return x, logDet
}

// Inverse maps events x, [B, 2], to latents z, and returns log|det dz/dx|, [B].
func (f *Flow) Inverse(x []float64) (z, logDet []float64) {
	z, logDet = start(x)
	for i := len(f.Layers) - 1; i >= 0; i-- {
		c := &f.Layers[i]
		for b := range logDet {
			v := z[2*b:][:2]
			s, t := c.parameters(v[c.Frozen])
			v[1-c.Frozen] = (v[1-c.Frozen] - t) * math.Exp(-s)
			logDet[b] -= s
		}
	}
	return z, logDet
}

// LogProb returns the log-density of each of the events x, [B, 2].
func (f *Flow) LogProb(x []float64) []float64 {
	z, logProb := f.Inverse(x)
	for b := range logProb {
		logProb[b] -= math.Log(2*math.Pi) + 0.5*(z[2*b]*z[2*b]+z[2*b+1]*z[2*b+1])
	}
	return logProb
}

// start returns a copy of a batch and a zero for each event.
func start(batch []float64) (v, logDet []float64) {
	if len(batch)%2 != 0 {
		panic(fmt.Sprintf("knots: a batch of %d numbers, expected rows of 2 features", len(batch)))
	}
	return append([]float64(nil), batch...), make([]float64, len(batch)/2)
}

func (c *Coupling) parameters(frozen float64) (s, t float64) {
	r, t := c.At(frozen)
	return c.MaxLogScale * math.Tanh(r/c.MaxLogScale), t
}
