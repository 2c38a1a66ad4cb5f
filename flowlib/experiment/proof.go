package experiment

import "normflow/flowlib/eval"

// Proof holds the figures every fitted flow must pass, whatever it learned.
type Proof struct {
	Integral    float64 `json:"integral"`     // of the density over a wide window; 1
	RoundTrip32 float64 `json:"roundtrip_32"` // max |x - f(f⁻¹(x))| / max(1, |x|) in float32
	RoundTrip64 float64 `json:"roundtrip_64"` // the same weights in float64
}

// Prove measures the proof on 100,000 fresh points, of which 1,000 lie ten
// standard deviations out, and on a grid of 800×800 cells.
func (r *Result) Prove() (p Proof, err error) {
	const points, farOut, cells = 100_000, 1_000, 800
	x, err := eval.FarOut(r.Density.Sample(uint64(r.Config.Seed)+1000, points), farOut, 1)
	if err != nil {
		return Proof{}, err
	}
	if p.Integral, err = eval.Integral(r.Model, r.Density.Box, cells); err != nil {
		return Proof{}, err
	}
	if p.RoundTrip32, err = eval.RoundTrip(r.Model, x); err != nil {
		return Proof{}, err
	}
	double, err := r.Model.Float64()
	if err != nil {
		return Proof{}, err
	}
	p.RoundTrip64, err = eval.RoundTrip(double, x)
	return p, err
}
