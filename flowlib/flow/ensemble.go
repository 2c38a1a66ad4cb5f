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
	first := of[0]
	all := &Mixture{Columns: first.Columns, Atoms: first.Atoms, Categories: first.Categories}
	for i, m := range of {
		if !reflect.DeepEqual(m.Columns, first.Columns) || !reflect.DeepEqual(m.Atoms, first.Atoms) || !reflect.DeepEqual(m.Categories, first.Categories) {
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
