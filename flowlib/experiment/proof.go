package experiment

import (
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"normflow/flowlib/dataset"
	"normflow/flowlib/density"
	"normflow/flowlib/eval"
)

// Proof holds the properties that every fitted flow must have, whatever it learned.
type Proof struct {
	Integral    float64 `json:"integral"`     // of the density over a wide window; 1
	RoundTrip32 float64 `json:"roundtrip_32"` // max |x - f(f⁻¹(x))| / max(1, |x|) in float32
	RoundTrip64 float64 `json:"roundtrip_64"` // the same weights in float64
	Finite      int     `json:"finite"`       // points whose latents and log-density are finite
}

// Prove measures the proof on 100,000 fresh points, of which 1,000 lie ten standard
// deviations out, and on a grid of 800×800 cells. It returns an error if a latent or a
// log-density is not finite on those points, on 1,000 points a thousand standard
// deviations out, or on 100,000 draws of the flow.
func (r *Result) Prove() (p Proof, err error) {
	const points, farOut, cells = 100_000, 1_000, 800
	fresh := r.Density.Sample(r.Config.Seed+1000, points)
	x, err := eval.FarOut(fresh, farOut, 10, 1)
	if err != nil {
		return Proof{}, err
	}
	scorer, err := r.Scorer()
	if err != nil {
		return Proof{}, err
	}
	var both errgroup.Group // each compiles graphs, which takes one core
	both.Go(func() error {
		double, err := r.Model.Float64()
		if err != nil {
			return err
		}
		p.RoundTrip64, err = eval.RoundTrip(double, x)
		return err
	})
	both.Go(func() (err error) {
		if p.Integral, err = eval.Integral(scorer, r.Density.Box, cells); err != nil {
			return err
		}
		if p.RoundTrip32, err = eval.RoundTrip(r.Model, x); err != nil {
			return err
		}
		p.Finite, err = r.proveFinite(scorer, fresh, x, farOut)
		return err
	})
	err = both.Wait()
	return p, err
}

// proveFinite returns the number of points, all of them finite, or an error. x is fresh
// with some points far out; its latents are finite, since the round trip went through them.
func (r *Result) proveFinite(scorer density.Scorer, fresh, x [][]float64, farOut int) (int, error) {
	farther, err := eval.FarOut(fresh, farOut, 1000, 2)
	if err != nil {
		return 0, err
	}
	farther = farther[len(fresh)-farOut:]
	draws, err := r.Model.Sample(r.Config.Seed, len(fresh)) // returns an error if a draw is not finite
	if err != nil {
		return 0, err
	}
	for name, points := range map[string][][]float64{"points far out": farther, "draws": draws} {
		states, err := r.Model.Inverse(points)
		if err != nil {
			return 0, err
		}
		if err := dataset.CheckRows(states[len(states)-1], r.Density.Features); err != nil {
			return 0, fmt.Errorf("the latents of %s: %w", name, err)
		}
	}
	all := slices.Concat(x, farther, draws)
	if _, err := eval.NLL(scorer, all); err != nil {
		return 0, err
	}
	return len(all), nil
}
