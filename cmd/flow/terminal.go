package main

import (
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"normflow/internal/show"
)

// terminal returns a writer for what people read, for a command that was called with
// these arguments. It escapes everything from a file that a terminal would obey, and line
// breaks in names of files, which could forge a line.
func terminal(w io.Writer, args []string) io.Writer {
	w = show.Terminal(w)
	if shown := replacer(args, func(arg string) bool { return strings.ContainsAny(arg, "\n\r") }); shown != nil {
		return replacing{w, shown}
	}
	return w
}

type replacing struct {
	w     io.Writer
	shown *strings.Replacer
}

// Write implements [io.Writer].
func (r replacing) Write(p []byte) (int, error) {
	if _, err := r.shown.WriteString(r.w, string(p)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// replacer replaces arguments, or the values of flags, by what is shown of them; nil if
// there is nothing to replace.
func replacer(args []string, which func(arg string) bool) *strings.Replacer {
	var words []string
	for _, arg := range args {
		_, value, _ := strings.Cut(arg, "=")
		for _, word := range []string{arg, value} {
			words = append(words, word, filepath.Clean(word), filepath.Dir(word))
		}
	}
	words = slices.DeleteFunc(words, func(word string) bool { return strings.TrimSpace(word) == "" || !which(word) })
	slices.SortFunc(words, func(a, b string) int { return len(b) - len(a) }) // the first match is taken
	var pairs []string
	for _, word := range words {
		shown := show.Path(word)
		quoted := shown
		if show.Printable(word) {
			quoted = strconv.Quote(shown)
		}
		pairs = append(pairs, strconv.Quote(word), quoted, word, shown)
	}
	if pairs == nil {
		return nil
	}
	return strings.NewReplacer(pairs...)
}

const (
	goOnWith = "Go on with:\n" // before a command to type

	longArgument = 200  // runes: a longer argument is not shown in full in an error
	longLine     = 1000 // of a message; no message of this program reaches it by itself
)

// short shortens very long arguments in a message, and very long lines, whatever they
// contain. Commands for the user to type stay.
func short(text string, args []string) string {
	trouble := func(arg string) bool {
		return strings.ContainsAny(arg, "\n\r") || utf8.RuneCountInString(arg) > longArgument
	}
	if shown := replacer(args, trouble); shown != nil {
		said, _, _ := strings.Cut(text, goOnWith)
		text = shown.Replace(said) + strings.TrimPrefix(text, said)
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if runes := []rune(line); len(runes) > longLine && !strings.HasPrefix(line, "  ") {
			lines[i] = string(runes[:longLine*2/3]) + " … " + string(runes[len(runes)-longLine/3:])
		}
	}
	return strings.Join(lines, "\n")
}
