package onnx

import (
	"reflect"
	"slices"
)

// onlyKnown refuses a struct that has more than the fields of those names: what this
// package does not know would be left out of a density, unsaid.
func onlyKnown(of any, fields ...string) {
	v := reflect.ValueOf(of)
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.IsExported() && !slices.Contains(fields, f.Name) && !v.Field(i).IsZero() {
			refuse("the model has %s (%s), which ONNX files do not hold yet", f.Name, v.Type())
		}
	}
}
