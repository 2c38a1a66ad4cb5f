package table

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"normflow/internal/show"
)

// Option names a field of [Options], or of the settings of a package that builds on this
// one, so that a program can tell its users how they set it.
type Option string

// Options that messages of this package refer to.
const (
	OptionColumns   Option = "Columns"
	OptionExclude   Option = "Exclude"
	OptionKeep      Option = "Keep"
	OptionHeader    Option = "Header"
	OptionDelimiter Option = "Delimiter"
	OptionDecimal   Option = "Decimal"
	OptionComment   Option = "Comment"
	OptionMissing   Option = "Missing"
	OptionNA        Option = "NA"
	OptionArray     Option = "Array"
	OptionMemory    Option = "Memory"
)

// Remedy is one thing the user can do.
type Remedy struct {
	Do     string   // in words, such as "leave the column out"
	Option Option   // the option that does it, "" if none
	Values []string // values for the option, as a person writes them; none if the user has to choose
}

// Namer returns how the users of a program give an option these values, such as
// "exclude=a,b".
type Namer func(o Option, values ...string) string

// Error says what is wrong with a table, or with a request about it.
type Error struct {
	File   string // "" if no file is to blame
	Unit   string // what Line counts: line or row
	Line   int64  // from 1; 0 if no single line is to blame
	Column string
	Option Option // that asked for it; "" if none did

	Found, Expected string // in words
	Problem         string // in words, instead of or beside Found and Expected
	Remedies        []Remedy
	Err             error // cause; nil if there is none
}

// Error returns the message without names of options.
func (e *Error) Error() string { return e.Text(nil) }

func (e *Error) Unwrap() error { return e.Err }

// Usage reports whether an option is wrong whatever the file.
func (e *Error) Usage() bool { return e.Option != "" && e.File == "" }

// Text returns the message with options named by name, which may be nil.
func (e *Error) Text(name Namer) string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(show.Path(e.File) + ": ")
	}
	var place []string
	if e.Line > 0 {
		place = append(place, fmt.Sprintf("%s %d", e.Unit, e.Line))
	}
	if e.Column != "" {
		place = append(place, "column "+show.Quoted(e.Column))
	}
	if place != nil {
		b.WriteString(strings.Join(place, ", ") + ": ")
	}
	if e.Option != "" && name != nil {
		b.WriteString(name(e.Option) + ": ")
	}
	if e.Found != "" {
		b.WriteString("found " + e.Found)
		if e.Expected != "" {
			b.WriteString(", expected " + e.Expected)
		}
		if e.Problem != "" {
			b.WriteString("; ")
		}
	}
	b.WriteString(e.Problem)
	b.WriteString(advice(e.Remedies, name))
	return b.String()
}

// InFile returns err as an [Error] about the file, unless it is already about one.
func InFile(file string, err error) error {
	var e *Error
	switch {
	case !errors.As(err, &e):
		return &Error{File: file, Problem: err.Error(), Err: err}
	case e.File != "":
		return err
	}
	in := *e
	in.File = file
	if before, wrapped := strings.CutSuffix(err.Error(), e.Error()); wrapped && before != "" {
		e := *e
		e.Remedies = nil
		in = Error{File: file, Option: e.Option, Problem: before + e.Error(), Remedies: in.Remedies, Err: err}
	}
	return &in
}

// Note is a sentence about a table, and what the user can do if it is not right.
type Note struct {
	Says     string
	Remedies []Remedy
}

// String returns the note without names of options.
func (n Note) String() string { return n.Text(nil) }

// Text returns the note with options named by name, which may be nil.
func (n Note) Text(name Namer) string { return n.Says + advice(n.Remedies, name) }

// MarshalJSON writes the note as a string.
func (n Note) MarshalJSON() ([]byte, error) { return json.Marshal(n.String()) }

// UnmarshalJSON reads a string.
func (n *Note) UnmarshalJSON(text []byte) error { return json.Unmarshal(text, &n.Says) }

// NoteOf returns a note without remedies.
func NoteOf(format string, args ...any) Note { return Note{Says: fmt.Sprintf(format, args...)} }

// advice joins remedies, with options named by name.
func advice(remedies []Remedy, name Namer) string {
	var b strings.Builder
	for i, r := range remedies {
		switch {
		case i == 0:
			b.WriteString(": ")
		case i == len(remedies)-1:
			b.WriteString(", or ")
		default:
			b.WriteString(", ")
		}
		b.WriteString(r.Do)
		if r.Option != "" && name != nil {
			b.WriteString(" (" + name(r.Option, r.Values...) + ")")
		}
	}
	return b.String()
}
