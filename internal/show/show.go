// Package show prints what comes from a file, such as a column's or a file's name, so
// that it can forge no line and send a terminal no command.
package show

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// most is how many runes of a text are shown.
const most = 60

// Name returns s as it is where all of it can be printed, and quoted as a Go string
// where a rune cannot: a control character, an escape, a line's end, a mark that
// changes the direction of writing, a byte that is not UTF-8. Of a longer text it
// shows the first 60 runes and "…".
func Name(s string) string {
	short, cut := shorten(s)
	if !Printable(short) {
		return strconv.Quote(short) + cut
	}
	return short + cut
}

// Quoted returns s as a Go string in quotes, of a longer text the first 60 runes.
func Quoted(s string) string {
	short, cut := shorten(s)
	return strconv.Quote(short) + cut
}

// Names shows up to 20 names, separated by commas.
func Names(names []string) string { return list(names, Name) }

// QuotedNames shows up to 20 names, each in quotes, separated by commas.
func QuotedNames(names []string) string { return list(names, Quoted) }

// Printable says whether all of s can be printed: [Name] then shows it as it is, or its
// beginning.
func Printable(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool { return !strconv.IsPrint(r) }) < 0
}

func list(names []string, show func(string) string) string {
	const mostNames = 20
	shown := make([]string, 0, min(len(names), mostNames+1))
	for i, name := range names {
		if i == mostNames {
			shown = append(shown, "… ("+strconv.Itoa(len(names))+" in all)")
			break
		}
		shown = append(shown, show(name))
	}
	return strings.Join(shown, ", ")
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
