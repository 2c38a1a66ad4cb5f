package table

import (
	"bytes"
	"errors"
	"strings"
)

// fromBytes is an input that is no file.
func fromBytes(name string, b []byte) *input {
	r := bytes.NewReader(b)
	return &input{name: name, stream: r, at: r, size: int64(len(b))}
}

// message reads all of in and returns what went wrong, "" if nothing did.
func message(in *input, o Options) string {
	r, err := newReader(in, o)
	if err == nil {
		_, err = r.readAll()
	}
	if err == nil {
		return ""
	}
	return textOf(err)
}

// textOf is what an error says, with the options that it names.
func textOf(err error) string {
	var e *Error
	if !errors.As(err, &e) || e.File == "" {
		return "no Error of a file: " + err.Error()
	}
	return e.Text(asNamed)
}

// notesOf are notes, with the options that they name, a line each.
func notesOf(notes []Note) string {
	var all []string
	for _, n := range notes {
		all = append(all, n.Text(asNamed))
	}
	return strings.Join(all, "\n")
}

// asNamed names options as [Options] does.
func asNamed(o Option, values ...string) string {
	return strings.Join(append([]string{string(o)}, values...), " ")
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
