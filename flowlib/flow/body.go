package flow

import (
	"errors"
	"fmt"

	"github.com/gomlx/compute/dtypes"

	"normflow/flowlib/categories"
	"normflow/flowlib/columns"
	"normflow/internal/safetensors"
)

// body is what the files of a model say of its flows: of one by itself, or of several
// with their weights, behind the maps of single columns.
type body struct {
	written                        // Settings and Flow from version 5 of a model.json on, Masks from 2 on
	Columns    columns.Map         `json:"columns,omitempty"`    // from version 6 on
	Atoms      *Atoms              `json:"atoms,omitempty"`      // from version 6 on
	Categories *categories.Density `json:"categories,omitempty"` // from version 7 on
	Members    []writtenMember     `json:"members,omitempty"`    // in place of the written, from version 6 on
}

// writtenMember is what is said of a member of a mixture.
type writtenMember struct {
	Weight float64 `json:"weight"`
	At     []int   `json:"at,omitempty"` // see Atoms
	written
}

// body names in its error the part of a flow that cannot be written down.
func (m *Mixture) body() (b body, err error) {
	b.Columns, b.Atoms, b.Categories = m.Columns, m.Atoms, m.Categories
	for _, member := range m.Members {
		w, err := member.written()
		if err != nil {
			return b, err
		}
		b.Members = append(b.Members, writtenMember{member.Weight, member.At, w})
	}
	if _, err := m.Single(); err == nil {
		b = body{written: b.Members[0].written}
	}
	return b, nil
}

// more says whether the body has fields that programs do not know that read one flow.
func (b body) more() bool {
	return b.Members != nil || b.Columns != nil || b.Atoms != nil || b.Categories != nil
}

// newest says whether programs that know atoms and categories do not know what the body
// makes of them.
func (b body) newest() bool { return b.Atoms.Missing() || b.Atoms != nil && b.Categories != nil }

// members are the flows that the file holds, one or several.
func (b body) members() ([]writtenMember, error) {
	switch {
	case b.Members == nil:
		return []writtenMember{{Weight: 1, written: b.written}}, nil
	case b.Config != nil || b.Flow != nil || b.Settings != nil || b.Masks != nil:
		return nil, errors.New("it has both members and a flow: the file is edited")
	case len(b.Members) > maxMembers:
		return nil, fmt.Errorf("it has %d members, expected at most %d", len(b.Members), maxMembers)
	}
	for k, w := range b.Members {
		if w.Config != nil && w.Config.Layers > 0 && w.Masks == nil {
			return nil, fmt.Errorf("the masks of member %d are missing: the file is edited", k)
		}
	}
	return b.Members, nil
}

// unbuilt is a mixture of which the flows of configs are not built yet, and that has no
// weights: of those it is known what they must be.
type unbuilt struct {
	*Mixture
	written   []written  // of each member
	variables []Variable // of all members, by the names in files
	counts    []int      // of the variables of each
}

// read builds no more of the flows than the body has bytes for.
func (b body) read(dtype dtypes.DType) (u unbuilt, err error) {
	u.Mixture = &Mixture{Columns: b.Columns, Atoms: b.Atoms, Categories: b.Categories}
	members, err := b.members()
	if err != nil {
		return u, err
	}
	for k, w := range members {
		s := new(Saved)
		own, err := s.design.read(w.written, dtype)
		if err != nil {
			return u, err
		}
		_, trained := numbers(own)
		s.Parameters = int(trained)
		for _, v := range own {
			u.variables = append(u.variables, Variable{memberPrefix(len(members), k) + v.Path, v.Shape, v.Trained})
		}
		u.Members, u.counts, u.written = append(u.Members, Member{w.Weight, s, w.At}), append(u.counts, len(own)), append(u.written, w.written)
	}
	if err := u.check(); err != nil {
		return u, fmt.Errorf("%w: the file is edited", err)
	}
	return u, nil
}

// build makes the flows.
func (u unbuilt) build() error {
	for k, member := range u.Members {
		if err := member.build(u.written[k]); err != nil {
			return err
		}
	}
	return nil
}

// take gives the members their weights, which are in the order of the variables.
func (u unbuilt) take(values []Weight) {
	for k, member := range u.Members {
		prefix := memberPrefix(len(u.Members), k)
		member.Weights, values = values[:u.counts[k]:u.counts[k]], values[u.counts[k]:]
		for i := range member.Weights {
			member.Weights[i].Path = member.Weights[i].Path[len(prefix):]
		}
	}
}

// memberPrefix is that of the variables of a member, of several.
func memberPrefix(members, k int) string {
	if members == 1 {
		return ""
	}
	return fmt.Sprintf("/members/%03d", k)
}

// tensors are the weights of all members, by the names in files.
func (m *Mixture) tensors() (all []safetensors.Tensor) {
	for k, member := range m.Members {
		prefix := memberPrefix(len(m.Members), k)
		for _, w := range member.Weights {
			t := safetensors.Float64(prefix+w.Path, w.Shape, w.Values)
			if member.DType() == dtypes.Float32 {
				t = safetensors.Float32(prefix+w.Path, w.Shape, w.Values)
			}
			all = append(all, t)
		}
	}
	return all
}
