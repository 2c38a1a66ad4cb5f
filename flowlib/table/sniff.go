package table

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"
)

// checkText refuses bytes that are the start of no text this package reads.
func checkText(head []byte) error {
	if bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")) {
		return errors.New("is text in UTF-16, expected UTF-8: save it as CSV UTF-8 (iconv -f UTF-16 -t UTF-8)")
	}
	if i := bytes.IndexByte(head, 0); i >= 0 {
		return fmt.Errorf("line %d holds a NUL byte: this is no text; expected CSV, NPY, NPZ or Parquet", 1+bytes.Count(head[:i], []byte("\n")))
	}
	if bytes.IndexByte(head, '\r') >= 0 && bytes.IndexByte(head, '\n') < 0 && bytes.IndexByte(bytes.TrimRight(head, "\r"), '\r') >= 0 {
		return errors.New("ends its lines with CR alone, expected LF or CRLF: convert it (tr '\\r' '\\n')")
	}
	return nil
}

// findDelimiter takes the first of tab, ';' and ',' that every line at the start
// has equally often outside quotes; failing that, the one the first line has
// most of. A file without any of them has one column.
func findDelimiter(head []byte) rune {
	const lines = 20
	candidates := []byte{'\t', ';', ','}
	var counts [3][]int
	var now [3]int
	quoted := false
	width := 0
	flush := func() {
		if width > 0 { // a blank line is none
			for k := range counts {
				counts[k] = append(counts[k], now[k])
			}
		}
		now, width = [3]int{}, 0
	}
	ended := false
	for _, b := range head {
		switch {
		case b == '"':
			quoted = !quoted
		case b == '\n' && !quoted:
			flush()
		case !quoted:
			if k := bytes.IndexByte(candidates, b); k >= 0 {
				now[k]++
			}
		}
		if b != '\n' && b != '\r' {
			width++
		}
		if len(counts[0]) == lines {
			ended = true
			break
		}
	}
	if !ended && (len(counts[0]) == 0 || len(head) < 1<<15) {
		flush() // the file's last line, or the only one there is
	}
	best := byte(',')
	most := 0
	for k, c := range counts {
		if len(c) == 0 {
			continue
		}
		if c[0] > 0 && slices.Max(c) == c[0] && slices.Min(c) == c[0] {
			return rune(candidates[k])
		}
		if c[0] > most {
			best, most = candidates[k], c[0]
		}
	}
	return rune(best)
}

// utf8Text reads bytes that are not UTF-8 as Latin-1, where each byte is the
// code point of its character.
func utf8Text(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	runes := make([]rune, len(s))
	for i := range len(s) {
		runes[i] = rune(s[i])
	}
	return string(runes)
}
