package table

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// checkText returns an error if the bytes do not begin a text that this package reads.
func checkText(head []byte) error {
	if i := bytes.IndexByte(head, 0); i >= 0 {
		return fmt.Errorf("line %d holds a NUL byte: this is no text; expected CSV, NPY, NPZ or Parquet", 1+bytes.Count(head[:i], []byte("\n")))
	}
	if bytes.IndexByte(head, '\r') >= 0 && bytes.IndexByte(head, '\n') < 0 && bytes.IndexByte(bytes.TrimRight(head, "\r"), '\r') >= 0 {
		return errors.New("ends its lines with CR alone, expected LF or CRLF: convert it (tr '\\r' '\\n')")
	}
	return nil
}

// findDelimiter returns the first of tab, ';', '|' and ',' that every line at the start
// has equally often outside quotes; failing that, the one most frequent in the first
// line. If there are none of these, it returns [Blanks] if every line has the same number
// of words, at least two, and one line is all numbers; otherwise the file has one column.
// Lines that begin with comment, if that is not 0, are ignored.
func findDelimiter(head []byte, comment rune) rune {
	candidates := []byte{'\t', ';', '|', ','}
	counts := make([][]int, len(candidates)) // of each candidate, by line
	var words []int
	numbers := false
	for _, line := range firstLines(head, comment) {
		now := make([]int, len(candidates))
		quoted := false
		for _, b := range line {
			if b == '"' {
				quoted = !quoted
			} else if k := bytes.IndexByte(candidates, b); k >= 0 && !quoted {
				now[k]++
			}
		}
		for k, n := range now {
			counts[k] = append(counts[k], n)
		}
		fields := strings.Fields(string(line))
		words = append(words, len(fields))
		numbers = numbers || !slices.ContainsFunc(fields, func(s string) bool { return !isNumber(s) })
	}
	if len(words) == 0 {
		return ','
	}
	best, most := byte(','), 0
	for k, c := range counts {
		if c[0] > 0 && slices.Max(c) == c[0] && slices.Min(c) == c[0] {
			return rune(candidates[k])
		}
		if c[0] > most {
			best, most = candidates[k], c[0]
		}
	}
	if most == 0 && numbers && words[0] > 1 && slices.Max(words) == words[0] && slices.Min(words) == words[0] {
		return Blanks
	}
	return rune(best)
}

// firstLines returns the first lines of a text that are not blank, without line ends and
// without a last line that head cuts off. Quoted text may span lines.
func firstLines(head []byte, comment rune) (lines [][]byte) {
	const most = 20
	quoted, start := false, 0
	add := func(end int) {
		line := bytes.TrimRight(head[start:end], "\r")
		if first, _ := utf8.DecodeRune(line); len(line) > 0 && (comment == 0 || first != comment) {
			lines = append(lines, line)
		}
	}
	for i, b := range head {
		switch {
		case b == '"':
			quoted = !quoted
		case b == '\n' && !quoted:
			if add(i); len(lines) == most {
				return lines
			}
			start = i + 1
		}
	}
	if start < len(head) && (len(lines) == 0 || len(head) < 1<<15) {
		add(len(head)) // the last line of the file
	}
	return lines
}

// utf8Text decodes bytes that are not UTF-8 as Latin-1, in which each byte is the code
// point of its character.
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
