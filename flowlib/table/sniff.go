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
// line. If there are none of these, it returns [Blanks] if areWords says so; otherwise the
// file has one column.
// Lines that begin with comment, if that is not 0, are ignored.
func findDelimiter(head []byte, comment rune) rune {
	candidates := []byte{'\t', ';', '|', ','}
	counts := make([][]int, len(candidates)) // of each candidate, by line
	lines := firstLines(head, comment)
	for _, line := range lines {
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
	}
	if len(lines) == 0 {
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
	if most == 0 && areWords(lines) {
		return Blanks
	}
	return rune(best)
}

// areWords reports whether blanks separate the columns of lines: every line has the same
// number of words, at least two, and one line is all numbers. R leaves out the header
// of its row names: the first line may have one word less than three or more.
func areWords(lines [][]byte) bool {
	width := len(strings.Fields(string(lines[len(lines)-1])))
	short, numbers := false, false
	for i, line := range lines {
		words := strings.Fields(string(line))
		if i == 0 && len(lines) > 2 && width > 2 && len(words) == width-1 {
			short = true
			continue
		}
		if len(words) != width {
			return false
		}
		if short {
			words = words[1:]
		}
		numbers = numbers || !slices.ContainsFunc(words, func(s string) bool { return !isNumber(strings.Trim(s, `"`)) })
	}
	return numbers && width > 1
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
