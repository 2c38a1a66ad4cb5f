package safetensors

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"normflow/internal/show"
)

var dtypeNames = map[dtypes.DType]string{
	dtypes.Float32: "F32", dtypes.Float64: "F64", dtypes.Int32: "I32",
	dtypes.Int64: "I64", dtypes.Uint32: "U32", dtypes.Uint64: "U64", dtypes.Bool: "BOOL",
}

// stored reports whether a variable under prefix is saved. The state of the random
// generator is not: it exists only if somebody has sampled, and sampling sets it from a
// seed anyway.
func stored(v *model.Variable, prefix string) bool {
	return strings.HasPrefix(v.Path(), prefix) && v.Name() != model.RNGStateVariableName
}

// FromStore copies the variables whose path starts with prefix, sorted by path, without
// the state of the random generator.
func FromStore(store *model.Store, prefix string) ([]Tensor, error) {
	var out []Tensor
	for v := range store.IterVariables() {
		if !stored(v, prefix) {
			continue
		}
		name, ok := dtypeNames[v.DType()]
		if !ok {
			return nil, fmt.Errorf("variable %s has dtype %s, which is not stored", v.Path(), v.DType())
		}
		value, err := v.Value()
		if err != nil {
			return nil, fmt.Errorf("variable %s: %w", v.Path(), err)
		}
		t := Tensor{Name: v.Path(), DType: name, Shape: append([]int{}, v.Shape().Dimensions...)}
		if err := value.ConstBytes(func(data []byte) { t.Data = slices.Clone(data) }); err != nil {
			return nil, fmt.Errorf("variable %s: %w", v.Path(), err)
		}
		out = append(out, t)
	}
	slices.SortFunc(out, func(a, b Tensor) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// ToStore sets the variables that [FromStore] would copy from values, which must name
// each of them once with its shape and dtype, and nothing else. On an error the store is
// unchanged.
func ToStore(store *model.Store, prefix string, values []Tensor) error {
	byName := map[string]Tensor{}
	for _, t := range values {
		byName[t.Name] = t
	}
	fresh := map[*model.Variable]*tensors.Tensor{}
	for v := range store.IterVariables() {
		if !stored(v, prefix) {
			continue
		}
		t, ok := byName[v.Path()]
		if !ok {
			return fmt.Errorf("variable %s is missing", v.Path())
		}
		if t.DType != dtypeNames[v.DType()] || !slices.Equal(t.Shape, v.Shape().Dimensions) {
			return fmt.Errorf("variable %s is %s%s, expected %s%v", show.Name(t.Name), show.Name(t.DType), show.Value(t.Shape), dtypeNames[v.DType()], v.Shape().Dimensions)
		}
		value := tensors.FromShape(shapes.Make(v.DType(), t.Shape...))
		if err := value.MutableBytes(func(data []byte) { copy(data, t.Data) }); err != nil {
			return fmt.Errorf("variable %s: %w", show.Name(t.Name), err)
		}
		fresh[v] = value
		delete(byName, t.Name)
	}
	for name := range byName {
		return fmt.Errorf("variable %s is not part of this model", show.Name(name))
	}
	for v, value := range fresh {
		if err := v.SetValue(value); err != nil {
			return fmt.Errorf("variable %s: %w", v.Path(), err)
		}
	}
	return nil
}
