package onnx

import (
	"reflect"
	"slices"
)

// onlyKnown refuses a struct in which a field of another name is set. A graph would leave
// out what this package does not know, without a word.
func onlyKnown(of any, fields ...string) {
	v := reflect.ValueOf(of)
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.IsExported() && !slices.Contains(fields, f.Name) && !v.Field(i).IsZero() {
			refuse("the model has %s (%s), which ONNX files do not hold yet: .npz and .safetensors do", f.Name, v.Type())
		}
	}
}
