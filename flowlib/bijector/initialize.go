package bijector

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"

	"normflow/internal/names"
)

// DataDependent is a bijector that sets variables from data, once, before training.
//
// Whether this was done is itself a saved variable, so a loaded model does not
// initialize itself again.
type DataDependent interface {
	Bijector

	// Initialize sets the variables that depend on data from v, [B, D], which
	// enters at Inverse, or with forward at Forward. The rows of v are taken
	// as they are: a row that pads the batch would count. It does nothing where
	// the saved variable "initialised" says that it was done, and panics on a
	// batch of one, which has no spread. Data that cannot initialize a layer are
	// only seen when the graph has run: see [CheckInitialized].
	//
	// Later calls of Forward and Inverse in the same graph use the new values.
	Initialize(scope *model.Scope, v, context *Node, forward bool)
}

// Initialize implements [DataDependent]. It initializes each data-dependent bijector
// with the data as they leave the previous one.
func (c Chain) Initialize(scope *model.Scope, v, context *Node, forward bool) {
	waiting := 0
	for _, b := range c {
		if dependsOnData(b) {
			waiting++
		}
	}
	for n := 0; waiting > 0; n++ {
		i := n
		if !forward {
			i = len(c) - 1 - n
		}
		at := scope.At(names.Place, i)
		if dependsOnData(c[i]) {
			c[i].(DataDependent).Initialize(at, v, context, forward)
			waiting--
		}
		// Build only what is used: on GoMLX's Go backend unused variables can make the
		// graph fail.
		switch {
		case waiting == 0:
		case forward:
			v, _ = c[i].Forward(at, v, context)
		default:
			v, _ = c[i].Inverse(at, v, context)
		}
	}
}

// dependsOnData reports whether b is data-dependent. A bijector made of others is only
// if one of them is.
func dependsOnData(b Bijector) bool {
	switch b := b.(type) {
	case Chain:
		return slices.ContainsFunc(b, dependsOnData)
	case Invert:
		return dependsOnData(b.Bijector)
	}
	_, ok := b.(DataDependent)
	return ok
}

// Initialize implements [DataDependent]. Data that enter at Inverse enter the inverted
// bijector at Forward.
func (i Invert) Initialize(scope *model.Scope, v, context *Node, forward bool) {
	if b, ok := i.Bijector.(DataDependent); ok {
		b.Initialize(scope, v, context, !forward)
	}
}

// initializedFlag is the saved variable, 0 or 1, of a data-dependent bijector. It
// has the dtype of the data, as all variables of a flow.
func initializedFlag(scope *model.Scope, like *Node) *model.Variable {
	flag := Variable(scope, names.Initialized, initializer.Zero, shapes.Make(like.DType()))
	return flag.SetTrainable(false)
}

// CheckInitialized reports failures of [DataDependent.Initialize]. Its error names each
// variable under prefix (a path such as "/flow/") that a constant feature left
// infinite, and that feature; or else the variables left undefined by data that are not
// finite; or else the layers that were never initialized. A layer that failed does not
// count as initialized: a second Initialize with better data sets it.
func CheckInitialized(store *model.Store, prefix string) error {
	var constant, undefined, untouched []error
	for flag := range store.IterVariables() {
		if !strings.HasPrefix(flag.Path(), prefix) || flag.Name() != names.Initialized {
			continue
		}
		done, err := numbers(flag)
		if err != nil {
			return err
		}
		if done[0] == 1 {
			continue
		}
		before := len(constant) + len(undefined)
		named := map[int]bool{} // a feature is named once, whatever it did to several variables
		for v := range store.Scope(flag.Scope()).IterVariables() {
			if v.Scope() != flag.Scope() {
				continue
			}
			values, err := numbers(v)
			if err != nil {
				return err
			}
			for d, value := range values {
				switch {
				case named[d]:
				case math.IsInf(value, 0):
					named[d] = true
					constant = append(constant, fmt.Errorf("bijector: %s cannot be initialized: feature %d (counting from 0) is constant, or varies less than rounding does: leave it out, or add noise to it", v.Path(), d))
				case math.IsNaN(value):
					undefined = append(undefined, fmt.Errorf("bijector: %s cannot be initialized: the data that reach feature %d (counting from 0) are not finite", v.Path(), d))
				}
			}
		}
		if before == len(constant)+len(undefined) {
			untouched = append(untouched, fmt.Errorf("bijector: %s has not been initialized with data", flag.Scope()))
		}
	}
	// A constant feature is divided by zero and leaves the layers behind it
	// undefined: name the cause alone.
	for _, errs := range [][]error{constant, undefined, untouched} {
		if len(errs) > 0 {
			return errors.Join(errs...)
		}
	}
	return nil
}

// numbers copies the value of a variable of either precision.
func numbers(v *model.Variable) ([]float64, error) {
	value, err := v.Value()
	if err != nil {
		return nil, fmt.Errorf("bijector: %s: %w", v.Path(), err)
	}
	var out []float64
	err = value.ConstFlatData(func(flat any) {
		switch flat := flat.(type) {
		case []float64:
			out = append(out, flat...)
		case []float32:
			for _, x := range flat {
				out = append(out, float64(x))
			}
		}
	})
	if err == nil && len(out) != v.Shape().Size() {
		err = fmt.Errorf("its dtype is %s, expected Float32 or Float64", v.DType())
	}
	if err != nil {
		return nil, fmt.Errorf("bijector: %s: %w", v.Path(), err)
	}
	return out, nil
}
