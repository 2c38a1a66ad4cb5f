package flow

import (
	"errors"
	"fmt"
	"reflect"
)

// ErrUnlike is what the error of [Ensemble] wraps where models treat columns in other ways.
var ErrUnlike = errors.New("the models treat their columns in different ways")

// Ensemble returns the mean of the densities of mixtures over the same columns, each with
// the same weight, as one mixture. See [ErrUnlike].
func Ensemble(of []*Mixture) (*Mixture, error) {
	if len(of) == 0 {
		return nil, errors.New("flow: an ensemble of no models")
	}
	first := of[0].frame()
	all := of[0].frame()
	for i, m := range of {
		if !reflect.DeepEqual(m.frame(), first) {
			return nil, fmt.Errorf("flow: models 0 and %d: %w: expected models of the same rows", i, ErrUnlike)
		}
		for _, member := range m.Members {
			member.Weight /= float64(len(of))
			all.Members = append(all.Members, member)
		}
	}
	if err := all.check(); err != nil {
		return nil, fmt.Errorf("flow: an ensemble: %w", err)
	}
	return all, nil
}

// frame returns all of a mixture but its members, its record and what is said of its files.
func (m *Mixture) frame() *Mixture {
	f := *m
	f.Members, f.Training = nil, nil
	f.Version, f.Library, f.SHA256, f.WeightsSHA256 = 0, "", "", ""
	return &f
}
