package imagefit

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"normflow/flowlib/imageset"
	"normflow/internal/nearest"
	"normflow/internal/show"
)

// sharesOf returns how frequent each class is among pictures and one more of each, so that
// none is impossible.
func sharesOf(s *imageset.Set) []float64 {
	shares := make([]float64, len(s.Classes))
	each := 1 / float64(s.Len()+len(shares))
	for i := range shares {
		shares[i] = each
	}
	for _, class := range s.Labels {
		shares[class] += each
	}
	return shares
}

// relabel gives pictures the classes of a model in place of their own, told by their
// names. Pictures without classes stay so. A model without any takes them away, and so does
// one that does not know them all: then unknown says so.
func (r *Record) relabel(s *imageset.Set) (unknown string) {
	if len(r.Classes) == 0 || s.Labels == nil {
		s.Labels, s.Classes = nil, nil
		return ""
	}
	to := make([]int, len(s.Classes))
	for i, name := range s.Classes {
		if to[i] = slices.Index(r.Classes, name); to[i] < 0 {
			s.Labels, s.Classes = nil, nil
			return nearest.Unknown("class", name, r.Classes)
		}
	}
	for i, class := range s.Labels {
		s.Labels[i] = to[class]
	}
	s.Classes = r.Classes
	return ""
}

// untaught returns an error if a class has no picture to learn from.
func untaught(train *imageset.Set) error {
	for class, name := range train.Classes {
		if !slices.Contains(train.Labels, class) {
			return fmt.Errorf("no picture of class %s is among the %d for training: give more of them, or leave the class out", show.Quoted(name), train.Len())
		}
	}
	return nil
}

// contexts returns the classes of draws as rows of zeros with a one: all of the one named,
// or as frequent as in the training, those of a class side by side.
func (r *Record) contexts(class string, count int, seed int64) ([][]float64, error) {
	if len(r.Classes) == 0 {
		if class != "" {
			return nil, fmt.Errorf("the model knows no classes, found %s", show.Quoted(class))
		}
		return nil, nil
	}
	if class != "" {
		at := slices.Index(r.Classes, class)
		if at < 0 {
			return nil, errors.New(nearest.Unknown("class", class, r.Classes))
		}
		return r.Config.Context(at), nil
	}
	rng := rand.New(rand.NewPCG(uint64(seed), 0xc1a5))
	drawn := make([]int, len(r.Shares))
	for range count {
		u, at := rng.Float64(), 0
		for at < len(r.Shares)-1 && u >= r.Shares[at] {
			u -= r.Shares[at]
			at++
		}
		drawn[at]++
	}
	var rows [][]float64
	for at, n := range drawn {
		rows = append(rows, slices.Repeat(r.Config.Context(at), n)...)
	}
	return rows, nil
}

// Count is how many pictures are of a class.
type Count struct {
	Class    string `json:"class"`
	Pictures int    `json:"pictures"`
}

// CountClasses counts the pictures of each class that occurs; nil if they have none.
func CountClasses(s *imageset.Set) (all []Count) {
	counts := make([]int, len(s.Classes))
	for _, class := range s.Labels {
		counts[class]++
	}
	for class, n := range counts {
		if n > 0 {
			all = append(all, Count{s.Classes[class], n})
		}
	}
	return all
}

// checkClasses returns an error unless the classes of a record fit each other.
func (r *Record) checkClasses() error {
	if r.Config.Classes != len(r.Classes) || len(r.Shares) != len(r.Classes) || len(r.Classes) > imageset.MaxClasses {
		return fmt.Errorf("classes: found %d names and %d shares for %d classes", len(r.Classes), len(r.Shares), r.Config.Classes)
	}
	sum := 0.0
	for i, share := range r.Shares {
		if !(share > 0) || r.Classes[i] == "" || slices.Index(r.Classes, r.Classes[i]) < i {
			return fmt.Errorf("classes[%d]: found %s with a share of %g", i, show.Quoted(r.Classes[i]), share)
		}
		sum += share
	}
	if len(r.Shares) > 0 && !(math.Abs(sum-1) < 1e-6) {
		return fmt.Errorf("shares: they sum to %g, expected 1", sum)
	}
	return nil
}
