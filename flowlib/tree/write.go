package tree

import (
	"encoding/json"
	"fmt"
	"reflect"
)

// Write returns the JSON of a form, a pointer to a struct, whose parts are fields of type
// [Of]; path names it in errors. An error names the part that cannot be written: its type
// has no name, or its form does not hold all of it.
func Write(path string, form any) ([]byte, error) {
	return new(writer).form(path, form)
}

type writer struct {
	depth, parts int
}

func (w *writer) form(path string, form any) ([]byte, error) {
	err := walk(path, reflect.ValueOf(form).Elem(), func(path string, part nested) error {
		return part.write(w, path)
	})
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(form)
	if err != nil {
		return nil, fmt.Errorf("%s: cannot be written down: %w", path, err)
	}
	return text, nil
}

func (o *Of[T]) write(w *writer, path string) error {
	part := any(o.Part)
	if part == nil {
		return fmt.Errorf("%s: found nil, expected one of %v", path, names[T]())
	}
	k, ok := byType[reflect.TypeOf(part)]
	if !ok {
		return fmt.Errorf("%s: a %T cannot be written down, it has no name: give it one with tree.Register", path, part)
	}
	w.parts++
	if w.depth++; w.depth > MaxDepth || w.parts > MaxParts {
		return fmt.Errorf("%s: more than %d parts, or %d within each other, are not read again", path, MaxParts, MaxDepth)
	}
	defer func() { w.depth-- }()
	path += "." + k.name
	form, err := guard(path, func() (any, error) { return k.write(part), nil })
	if err != nil {
		return err
	}
	text, err := w.form(path, form)
	if err != nil {
		return err
	}
	if err := k.checkForm(path, form, text); err != nil {
		return err
	}
	o.text, err = json.Marshal(map[string]json.RawMessage{k.name: text})
	return err
}

// checkForm returns an error if the form does not bring the part back, for instance
// because an unexported field is not written.
func (k kind) checkForm(path string, form any, text []byte) error {
	again := reflect.New(k.form)
	if err := decode(path, text, again.Elem()); err != nil {
		return fmt.Errorf("%w: what is written of it cannot be read again", err)
	}
	parts, copies := nestedOf(form), nestedOf(again.Interface())
	if len(parts) != len(copies) {
		return fmt.Errorf("%s: has %d parts, of which %d are written", path, len(parts), len(copies))
	}
	for i, part := range parts { // they have been checked
		copies[i].copyPart(part)
		part.copyPart(part) // without text, as in a fresh form
	}
	part, err := k.built(path, again.Interface())
	if err != nil {
		return err
	}
	if !reflect.DeepEqual(k.write(part), form) {
		return fmt.Errorf("%s: %s is not all that this %v holds, which cannot be saved: export the fields that are missing, or use tree.RegisterAs", path, brief(text), k.part)
	}
	return nil
}

// nestedOf returns the parts that are fields of a form.
func nestedOf(form any) (all []nested) {
	err := walk("", reflect.ValueOf(form).Elem(), func(_ string, part nested) error {
		all = append(all, part)
		return nil
	})
	if err != nil {
		panic(err) // do returns none
	}
	return all
}

// At returns an error in a form's build whose place is a field, such as "hidden[0]".
func At(field string, err error) error { return fieldError{field, err} }

type fieldError struct {
	field string
	error
}

func (e fieldError) Unwrap() error { return e.error }

// built calls k.build, with errors at path.
func (k kind) built(path string, form any) (part any, err error) {
	return guard(path, func() (any, error) { return k.build(form) })
}

// guard calls do and returns a panic as an error at path.
func guard(path string, do func() (any, error)) (result any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
			if e, ok := p.(error); ok {
				err = e
			}
		}
		if err != nil {
			if at, ok := err.(fieldError); ok {
				path, err = path+"."+at.field, at.error
			}
			result, err = nil, fmt.Errorf("%s: %w", path, err)
		}
	}()
	return do()
}
