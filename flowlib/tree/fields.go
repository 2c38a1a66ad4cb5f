package tree

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"

	"normflow/internal/show"
)

// field is a field of a struct, as encoding/json writes it.
type field struct {
	name     string
	index    int
	optional bool
}

func fields(t reflect.Type) (all []field) {
	for i := range t.NumField() {
		f := t.Field(i)
		tag, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || tag == "-" && options == "" {
			continue
		}
		if tag == "" {
			tag = f.Name
		}
		all = append(all, field{tag, i, strings.Contains(options, "omitempty") || strings.Contains(options, "omitzero")})
	}
	return all
}

// mixed reports whether a struct has fields that encoding/json writes as strings or
// embeds; these are left to it.
func mixed(t reflect.Type) bool {
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous || strings.HasSuffix(f.Tag.Get("json"), ",string") {
			return true
		}
	}
	return false
}

// wanted says in words what JSON a value of type t needs.
func wanted(t reflect.Type) string {
	switch k := t.Kind(); {
	case reflect.PointerTo(t).Implements(nestedType):
		return "a part"
	case k >= reflect.Int && k <= reflect.Int64:
		return "a whole number"
	case k >= reflect.Uint && k <= reflect.Uintptr:
		return "a whole number, at least 0"
	case k == reflect.Float32 || k == reflect.Float64:
		return "a number"
	case k == reflect.String:
		return "a string"
	case k == reflect.Bool:
		return "true or false"
	case k == reflect.Slice || k == reflect.Array:
		return "a list"
	case k == reflect.Pointer:
		return wanted(t.Elem())
	}
	return "an object"
}

// brief shortens JSON for a message.
func brief(text []byte) string {
	var b bytes.Buffer
	if err := json.Compact(&b, text); err != nil {
		return show.Name(string(text))
	}
	return show.Name(b.String())
}
