package tree

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	"normflow/internal/show"
)

// Read sets form, a pointer to a struct whose parts are fields of type [Of], from what
// [Write] wrote; path names it in errors. Every field must be present, unless its tag has
// omitempty, and there may be no others.
func Read(path string, text []byte, form any) error {
	return new(reader).form(path, text, reflect.ValueOf(form).Elem())
}

type reader struct {
	depth, parts int
}

func (r *reader) form(path string, text []byte, form reflect.Value) error {
	if err := decode(path, text, form); err != nil {
		return err
	}
	return walk(path, form, func(path string, part nested) error { return part.read(r, path) })
}

func (o *Of[T]) read(r *reader, path string) error {
	r.parts++
	if r.depth++; r.depth > MaxDepth || r.parts > MaxParts {
		return fmt.Errorf("%s: found more than %d parts, or %d within each other, expected fewer", path, MaxParts, MaxDepth)
	}
	defer func() { r.depth-- }()
	expected := func() string {
		return fmt.Sprintf("expected an object of one key, one of %s", show.QuotedNames(names[T]()))
	}
	var part map[string]json.RawMessage
	if json.Unmarshal(o.text, &part) != nil || len(part) != 1 {
		return fmt.Errorf("%s: found %s, %s", path, brief(o.text), expected())
	}
	for name, text := range part {
		k, ok := byName[name]
		if !ok || !k.part.AssignableTo(reflect.TypeFor[T]()) {
			return fmt.Errorf("%s: found %s, %s (a type of one's own is known to programs that register it)", path, show.Quoted(name), expected())
		}
		form := reflect.New(k.form)
		path += "." + name
		if err := r.form(path, text, form.Elem()); err != nil {
			return err
		}
		built, err := k.built(path, form.Interface())
		if err != nil {
			return err
		}
		o.Part, o.text = built.(T), nil
	}
	return nil
}

// decode is json.Unmarshal, but refuses what is missing, unknown or null, and says where.
func decode(path string, text []byte, v reflect.Value) error {
	t := v.Type()
	wrong := func() error { return fmt.Errorf("%s: found %s, expected %s", path, brief(text), wanted(t)) }
	isNull := bytes.Equal(bytes.TrimSpace(text), []byte("null"))
	switch {
	case t.Kind() == reflect.Pointer && !isNull:
		v.Set(reflect.New(t.Elem()))
		return decode(path, text, v.Elem())
	case isNull && !slices.Contains([]reflect.Kind{reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface}, t.Kind()):
		return wrong()
	case reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) && !reflect.PointerTo(t).Implements(nestedType):
		if err := json.Unmarshal(text, v.Addr().Interface()); err != nil {
			return fmt.Errorf("%s: found %s: %w", path, brief(text), err)
		}
		return nil
	case t.Kind() == reflect.Slice && !isNull && !simple(t.Elem()):
		return decodeList(path, text, v)
	case t.Kind() == reflect.Struct && !reflect.PointerTo(t).Implements(nestedType) && !mixed(t):
		return decodeFields(path, text, v)
	}
	in := json.NewDecoder(bytes.NewReader(text))
	in.DisallowUnknownFields()
	if err := in.Decode(v.Addr().Interface()); err == nil {
		return nil
	}
	if t.Kind() == reflect.Slice { // of simple values: find out which one is wrong
		in := json.NewDecoder(bytes.NewReader(text))
		if start, err := in.Token(); err == nil && start == json.Delim('[') {
			for i := 0; in.More(); i++ {
				var element json.RawMessage
				if in.Decode(&element) != nil {
					break
				}
				if err := decode(fmt.Sprintf("%s[%d]", path, i), element, reflect.New(t.Elem()).Elem()); err != nil {
					return err
				}
			}
		}
	}
	return wrong()
}

func decodeList(path string, text []byte, v reflect.Value) error {
	in := json.NewDecoder(bytes.NewReader(text))
	if start, err := in.Token(); err != nil || start != json.Delim('[') {
		return fmt.Errorf("%s: found %s, expected a list", path, brief(text))
	}
	v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	for i := 0; in.More(); i++ {
		var element json.RawMessage
		if err := in.Decode(&element); err != nil {
			return fmt.Errorf("%s[%d]: %w", path, i, err)
		}
		next := reflect.New(v.Type().Elem()).Elem()
		if err := decode(fmt.Sprintf("%s[%d]", path, i), element, next); err != nil {
			return err
		}
		if i >= maxList {
			return fmt.Errorf("%s: found more than %d elements, expected fewer", path, maxList)
		}
		v.Set(reflect.Append(v, next))
	}
	return nil
}

// maxList bounds the length of lists of parts and of lists: their elements take more
// memory than text.
const maxList = 1 << 16

func decodeFields(path string, text []byte, v reflect.Value) error {
	var found map[string]json.RawMessage
	if err := json.Unmarshal(text, &found); err != nil || found == nil {
		return fmt.Errorf("%s: found %s, expected %s", path, brief(text), wanted(v.Type()))
	}
	var known []string
	for _, f := range fields(v.Type()) {
		known = append(known, f.name)
		element, ok := found[f.name]
		if !ok && !f.optional {
			return fmt.Errorf("%s.%s: is missing, expected %s", path, f.name, wanted(v.Field(f.index).Type()))
		}
		if ok {
			if err := decode(path+"."+f.name, element, v.Field(f.index)); err != nil {
				return err
			}
		}
	}
	for name := range found {
		if !slices.Contains(known, name) {
			return fmt.Errorf("%s: found the field %s, expected none but %s", path, show.Quoted(name), show.Names(known))
		}
	}
	return nil
}
