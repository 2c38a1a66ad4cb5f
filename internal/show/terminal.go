package show

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Text returns a text of several lines without anything a terminal obeys: it escapes
// whatever cannot be printed, except tabs and line breaks. JSON stays the same JSON.
//
// This is the last line of defense: a line break within a name is for [Name] to show.
func Text(s string) string {
	if Printable(strings.NewReplacer("\n", "", "\t", "").Replace(s)) {
		return s
	}
	var b strings.Builder
	for s != "" {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case r == '\n' || r == '\t' || strconv.IsPrint(r):
			b.WriteRune(r)
		case r < ' ': // JSON never contains these unescaped
			fmt.Fprintf(&b, `\x%02x`, r)
		default: // an escape that is valid in JSON
			for _, unit := range utf16.Encode([]rune{r}) {
				fmt.Fprintf(&b, `\u%04x`, unit)
			}
		}
		s = s[size:]
	}
	return b.String()
}

// Terminal returns a writer to w that writes as [Text] does, for what people read. Each
// call must write whole characters.
func Terminal(w io.Writer) io.Writer { return terminal{w} }

type terminal struct{ w io.Writer }

// Write implements [io.Writer].
func (t terminal) Write(p []byte) (int, error) {
	if _, err := io.WriteString(t.w, Text(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}
