package flow

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"normflow/flowlib/categories"
	"normflow/flowlib/columns"
)

// Mixture is a weighted mean of the densities of several flows over the same columns,
//
//	p(x | c) = |det dy/dx| · Σ_k Weight_k · p_k(y | c),   y = Columns(x),
//
// as it lies on disk: a density like each of them, scored exactly, drawn from and saved
// as one model. [Saved] is a mixture of one.
type Mixture struct {
	// Columns are maps of the single features, in float64, before the members and their
	// scalers see them; nil is the identity.
	Columns columns.Map
	// Atoms are values that features have exactly, see there; nil: none.
	Atoms *Atoms
	// Categories is the density of the features that are categories, see [NewCategorical];
	// nil: there are none.
	Categories *categories.Density
	Members    []Member
	Training   json.RawMessage // a record for readers, of any kind; nil if there is none

	// What [ReadMixture] has found; Write sets its own.
	Version       int    // of the format
	Library       string // that wrote it; "" before version 3
	SHA256        string // of model.json, as the file has it; "" before version 3
	WeightsSHA256 string // of weights.safetensors
}

// Member is one flow of a [Mixture]. Its own Training is not written.
type Member struct {
	Weight float64 // positive; those of all members sum to 1
	*Saved
	// At is the pattern of atoms of its rows, see [Atoms]; nil where the mixture has none.
	At []int
}

// maxMembers bounds a mixture.
const maxMembers = 256

// Features is D.
func (m *Mixture) Features() int {
	if m.Atoms != nil {
		return len(m.Atoms.Values)
	}
	if m.Categories != nil {
		return m.Members[0].Features() + len(m.Categories.Columns)
	}
	return m.Members[0].Features()
}

// Context is C.
func (m *Mixture) Context() int {
	if m.Categories != nil { // which members may have for theirs
		return 0
	}
	return m.Members[0].Context()
}

// Parameters counts the trained numbers of all members.
func (m *Mixture) Parameters() (n int) {
	for _, member := range m.Members {
		n += member.Parameters
	}
	return n
}

// Name is that of the only member, or "mixture".
func (m *Mixture) Name() string {
	if len(m.Members) == 1 && m.Atoms == nil && m.Categories == nil {
		return m.Members[0].Name()
	}
	return "mixture"
}

// Single returns the only member. Of several, or of one whose columns are mapped, it
// returns an error.
func (m *Mixture) Single() (*Saved, error) {
	if !m.Columns.Identity() {
		return nil, errors.New("the model maps single columns before its flow, expected one flow alone")
	}
	if m.Atoms != nil {
		return nil, errors.New("the model has values with a probability of their own, expected one flow alone")
	}
	if m.Categories != nil {
		return nil, errors.New("the model has categories, expected one flow of numbers alone")
	}
	if len(m.Members) != 1 {
		return nil, fmt.Errorf("the model is a mixture of %d flows, expected one flow", len(m.Members))
	}
	return m.Members[0].Saved, nil
}

// check refuses what is no mixture.
func (m *Mixture) check() error {
	if n := len(m.Members); n < 1 || n > maxMembers {
		return fmt.Errorf("expected 1 to %d flows, found %d", maxMembers, n)
	}
	if m.Members[0].Saved == nil {
		return errors.New("member 0 is nil")
	}
	if err := m.Columns.Check(m.Features()); err != nil {
		return fmt.Errorf("its columns: %w", err)
	}
	for k, member := range m.Members {
		if member.Saved == nil {
			return fmt.Errorf("member %d is nil", k)
		}
		if !(member.Weight > 0) || member.Weight > 1 {
			return fmt.Errorf("the weight of member %d is %g, expected more than 0 and at most 1", k, member.Weight)
		}
		if m.Atoms == nil && member.At != nil {
			return fmt.Errorf("member %d has a pattern of atoms, and the mixture none", k)
		}
		if m.Atoms != nil {
			if err := m.Atoms.checkAt(member.At); err != nil {
				return fmt.Errorf("member %d: %w", k, err)
			}
			if d := len(m.Free(k)); member.Features() != d {
				return fmt.Errorf("member %d has %d features, its pattern leaves %d", k, member.Features(), d)
			}
			if m.Categories == nil && member.Context() != 0 {
				return errors.New("a mixture with atoms has a context, expected none")
			}
		} else if m.Categories != nil {
			// see below
		} else if d, c := member.Features(), member.Context(); d != m.Features() || c != m.Context() {
			return fmt.Errorf("member %d has %d features and %d columns of context, member 0 has %d and %d", k, d, c, m.Features(), m.Context())
		}
		if member.DType() != m.Members[0].DType() {
			return fmt.Errorf("member %d is in %s, member 0 in %s", k, member.DType(), m.Members[0].DType())
		}
	}
	if m.Atoms != nil {
		if err := m.Atoms.check(m.numbers()); err != nil {
			return err
		}
		if err := m.checkGiven(); err != nil {
			return err
		}
	} else if m.Categories != nil {
		if err := m.checkCategories(); err != nil {
			return err
		}
	}
	if sum := m.sum(); !(math.Abs(sum-1) <= 1e-9) {
		return fmt.Errorf("the weights of the members sum to %.12g, expected 1", sum)
	}
	return nil
}

// NewMixture returns the mixture of members behind the maps of columns, which may be nil.
// It scales the weights to a sum of 1; members of no weight are left out. The error says
// which members do not fit each other.
func NewMixture(c columns.Map, members []Member) (*Mixture, error) {
	m := &Mixture{}
	if err := m.fill(c, members); err != nil {
		return nil, fmt.Errorf("flow: a mixture: %w", err)
	}
	return m, nil
}

// fill takes the maps of columns and the members but those of no weight, scales all weights
// to a sum of 1, and checks the mixture.
func (m *Mixture) fill(c columns.Map, members []Member) error {
	if !c.Identity() {
		m.Columns = c
	}
	for _, member := range members {
		if member.Weight != 0 {
			m.Members = append(m.Members, member)
		}
	}
	sum := m.sum()
	for k := range m.Members {
		m.Members[k].Weight /= sum
	}
	if a := m.Atoms; a != nil {
		for k := range a.Points {
			a.Points[k].Weight /= sum
		}
		a.Rest.Weight /= sum
	}
	return m.check()
}

// Variables lists those of all members, by their names in files.
func (m *Mixture) Variables() (all []Variable, err error) {
	for k, member := range m.Members {
		own, err := member.Variables()
		if err != nil {
			return nil, err
		}
		for _, v := range own {
			all = append(all, Variable{memberPrefix(len(m.Members), k) + v.Path, v.Shape, v.Trained})
		}
	}
	return all, nil
}

// Couplings is how many coupling layers the deepest member has.
func (m *Mixture) Couplings() (most int) {
	for _, member := range m.Members {
		most = max(most, member.Flow().Couplings())
	}
	return most
}
