// Package show prints names from files, such as those of columns, so that they can
// neither forge a line nor send commands to a terminal.
package show

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// most is how many runes of a text are shown.
const most = 60

// Name returns s unchanged if all of it can be printed, and quoted as a Go string if a
// rune cannot: a control character, an escape, a line break, a mark that changes the
// direction of writing, a byte that is not UTF-8. Of a longer text it shows the first 60
// runes and "…".
func Name(s string) string {
	short, cut := shorten(s)
	if !Printable(short) {
		return strconv.Quote(short) + cut
	}
	return short + cut
}

// Path returns the path of a file, as Name does, but of more than 200 runes it shows the
// first 60 and the last 120, which tell more.
func Path(path string) string {
	const longest, head, tail = 200, 60, 120
	runes := []rune(path)
	if len(runes) <= longest {
		if Printable(path) {
			return path
		}
		return strconv.Quote(path)
	}
	return Path(string(runes[:head])) + "…" + Path(string(runes[len(runes)-tail:]))
}

// Quoted returns s quoted as a Go string, or its first 60 runes.
func Quoted(s string) string {
	short, cut := shorten(s)
	return strconv.Quote(short) + cut
}

// Names joins up to 20 names with commas.
func Names(names []string) string { return list(names, Name) }

// QuotedNames joins up to 20 names, each quoted, with commas.
func QuotedNames(names []string) string { return list(names, Quoted) }

// Printable reports whether all of s can be printed: [Name] then shows it, or its
// beginning, unquoted.
func Printable(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool { return !strconv.IsPrint(r) }) < 0
}

const mostNames = 20

func list(names []string, show func(string) string) string {
	shown := make([]string, len(names))
	for i, name := range names[:min(len(names), mostNames)] {
		shown[i] = show(name)
	}
	return List(shown)
}

// List joins up to 20 texts, which must be printable, with commas.
func List(shown []string) string {
	if len(shown) <= mostNames {
		return strings.Join(shown, ", ")
	}
	return strings.Join(shown[:mostNames], ", ") + ", … (" + strconv.Itoa(len(shown)) + " in all)"
}

func shorten(s string) (short, cut string) {
	if utf8.RuneCountInString(s) <= most {
		return s, ""
	}
	runes := 0
	for i := range s {
		if runes == most {
			return s[:i], "…"
		}
		runes++
	}
	return s, ""
}

// Value shows a value that is not a text, such as a shape.
func Value(v any) string { return Name(fmt.Sprint(v)) }

// Error returns an error with the text of err, in at most 300 runes, all printable. It is
// for errors by other packages, which quote what a file contains.
func Error(err error) error {
	const longest = 300
	text := err.Error()
	if runes := []rune(text); len(runes) > longest {
		text = string(runes[:longest]) + "…"
	} else if Printable(text) {
		return err
	}
	if !Printable(text) {
		text = strings.NewReplacer("\n", `\n`, "\t", `\t`).Replace(Text(text))
	}
	return shown{text, err}
}

type shown struct {
	text string
	err  error
}

func (s shown) Error() string { return s.text }
func (s shown) Unwrap() error { return s.err }
