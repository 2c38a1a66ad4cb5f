// Package tree writes the parts of a flow as JSON, and reads them. A part is an object
// with one key, the name under which its type is registered; the value is the form of the
// part, which may hold other parts:
//
//	{"coupling": {"mask": "fm", "conditioner": {"mlp": {"activation": "relu", "hidden": [8]}}, …}}
//
// Reading builds parts and executes nothing. It knows only the names that the program has
// registered, and its errors say where in the tree something is wrong.
package tree

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"sort"
)

// Limits on what is read.
const (
	MaxParts = 4096 // per tree
	MaxDepth = 32   // of parts within parts
)

// Register names the parts of type T. Their form is that of encoding/json: the exported
// fields of a struct, or what the type's own methods make of it.
//
// Call it from an init function, in each program that saves or loads such parts. It
// panics if the name or the type is taken. Names last forever, as names of fields do:
// saved models hold them.
func Register[T any](name string) {
	RegisterAs(name, func(part T) T { return part }, func(form T) (T, error) { return form, nil })
}

// RegisterAs is [Register] for a type whose form is another type: for example a struct
// whose exported fields hold what build needs. A part within the part is a field of type
// [Of]. If build returns an error, or panics, the form is wrong.
func RegisterAs[T, Form any](name string, form func(part T) Form, build func(form Form) (T, error)) {
	t := reflect.TypeFor[T]()
	if other, taken := byName[name]; taken || name == "" {
		panic(fmt.Sprintf("tree: the name %q for %v is taken by %v, or empty", name, t, other.part))
	}
	if other, taken := byType[t]; taken {
		panic(fmt.Sprintf("tree: %v is registered as %q already, and now as %q", t, other.name, name))
	}
	k := kind{
		name: name, part: t, form: reflect.TypeFor[Form](),
		write: func(part any) any { f := form(part.(T)); return &f },
		build: func(f any) (any, error) { return build(*f.(*Form)) },
	}
	byName[name], byType[t] = k, k
}

// kind is a registered type.
type kind struct {
	name       string
	part, form reflect.Type
	write      func(part any) any // returns a pointer to its form
	build      func(form any) (any, error)
}

// The registry is complete once all init functions have run.
var (
	byName = map[string]kind{}
	byType = map[reflect.Type]kind{}
)

// names lists the names of parts of type T.
func names[T any]() (all []string) {
	for name, k := range byName {
		if k.part.AssignableTo(reflect.TypeFor[T]()) {
			all = append(all, name)
		}
	}
	sort.Strings(all)
	return all
}

// Of is a field for a part of type T, an interface, in the form of another part.
type Of[T any] struct {
	Part T
	text json.RawMessage
}

// MarshalJSON implements [json.Marshaler], for [Write].
func (o Of[T]) MarshalJSON() ([]byte, error) {
	if o.text == nil {
		return nil, errors.New("tree: a part outside of a form")
	}
	return o.text, nil
}

// UnmarshalJSON implements [json.Unmarshaler], for [Read].
func (o *Of[T]) UnmarshalJSON(text []byte) error {
	o.text = append(json.RawMessage{}, text...)
	return nil
}

// List wraps parts in fields.
func List[T any](parts []T) []Of[T] {
	if parts == nil {
		return nil
	}
	fields := make([]Of[T], len(parts))
	for i, part := range parts {
		fields[i].Part = part
	}
	return fields
}

// Parts is the inverse of [List].
func Parts[T any](fields []Of[T]) []T {
	if fields == nil {
		return nil
	}
	parts := make([]T, len(fields))
	for i, field := range fields {
		parts[i] = field.Part
	}
	return parts
}

// nested is an [Of] of any type.
type nested interface {
	write(w *writer, path string) error
	read(r *reader, path string) error
	copyPart(from nested)
}

// copyPart sets o to from's part, as if it had not been written yet.
func (o *Of[T]) copyPart(from nested) { *o = Of[T]{Part: from.(*Of[T]).Part} }

var nestedType = reflect.TypeFor[nested]()

// walk calls do for each part that is a field of the form at v, which is addressable,
// with its path.
func walk(path string, v reflect.Value, do func(path string, part nested) error) error {
	if v.CanAddr() && v.Addr().Type().Implements(nestedType) {
		return do(path, v.Addr().Interface().(nested))
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			return walk(path, v.Elem(), do)
		}
	case reflect.Slice, reflect.Array:
		if simple(v.Type().Elem()) {
			return nil
		}
		for i := range v.Len() {
			if err := walk(fmt.Sprintf("%s[%d]", path, i), v.Index(i), do); err != nil {
				return err
			}
		}
	case reflect.Struct:
		for _, f := range fields(v.Type()) {
			if err := walk(path+"."+f.name, v.Field(f.index), do); err != nil {
				return err
			}
		}
	}
	return nil
}

// simple reports whether values of a type hold no values of other types.
func simple(t reflect.Type) bool {
	k := t.Kind()
	return k >= reflect.Bool && k <= reflect.Complex128 || k == reflect.String
}
