package table

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// Blanks, as a delimiter, is any run of blanks and tabs, as in aligned columns. Blanks at
// the ends of a line do not delimit anything.
const Blanks rune = '␣'

// dialect is how a text is written, as found from its beginning and the options.
type dialect struct {
	delimiter rune
	comment   rune   // lines that begin with it are skipped; 0: no such lines
	skipped   int    // lines before the first that encoding/csv sees
	trim      bool   // blanks may stand between a delimiter and a quote
	encoding  string // "" is UTF-8
	said      string // what else was found, for [Reader.Format]
}

const headSize = 1 << 16 // bytes examined

// newDialect finds out how r is written, and returns the remaining text.
func newDialect(r *bufio.Reader, o Options) (d dialect, text *bufio.Reader, err error) {
	head, err := r.Peek(headSize)
	if err != nil && err != io.EOF && len(head) == 0 {
		return d, nil, err
	}
	if err := checkForeign(head); err != nil {
		return d, nil, err
	}
	if order, found := utf16Order(head); found {
		d.encoding = "UTF-16"
		decoder := unicode.UTF16(order, unicode.UseBOM).NewDecoder()
		r = bufio.NewReaderSize(transform.NewReader(r, decoder), headSize)
		if head, err = r.Peek(headSize); err != nil && err != io.EOF && len(head) == 0 {
			return d, nil, err
		}
	}
	if err := cmp.Or(checkText(head), checkDrawn(head)); err != nil {
		return d, nil, err
	}
	skip := func(n, lines int) {
		r.Discard(n) //nolint:errcheck // it was peeked at
		head, d.skipped = head[n:], d.skipped+lines
	}
	for bytes.HasPrefix(head, []byte(byteOrderMark)) { // two programs may each have put one
		skip(3, 0)
	}
	d.delimiter, d.comment = o.Delimiter, o.Comment
	if mark, n := separatorLine(head); n > 0 {
		skip(n, 1)
		if d.delimiter == 0 {
			d.delimiter = mark
		}
	}
	if d.comment == 0 {
		if n, lines := commentLines(head, d.delimiter); n > 0 {
			skip(n, lines)
			d.said = fmt.Sprintf(", below %d lines of comment", lines)
			if lines == 1 {
				d.said = ", below a line of comment"
			}
		}
	}
	if d.delimiter == 0 {
		d.delimiter = findDelimiter(head, d.comment)
	}
	switch d.delimiter {
	case Blanks:
		r = bufio.NewReaderSize(&blanksReader{in: r}, headSize)
	case ',', ';', '\t', '|', ':', ' ':
		d.trim = d.delimiter != ' ' && d.delimiter != '\t' && bytes.Contains(head, []byte(string(d.delimiter)+` "`))
	default:
		return d, nil, &Error{Option: OptionDelimiter, Problem: fmt.Sprintf("%q parts no columns: expected one of , ; | : space, blanks or tab", d.delimiter)}
	}
	if d.comment == d.delimiter || d.comment == '"' || d.comment == '\n' || d.comment == '\r' {
		return d, nil, &Error{Option: OptionComment, Problem: fmt.Sprintf("%q cannot begin a comment here: expected another character, such as #", d.comment)}
	}
	return d, r, nil
}

// utf16Order recognizes UTF-16 by its byte order mark, or because almost every second
// byte of the beginning is 0, as in Latin letters and digits.
func utf16Order(head []byte) (order unicode.Endianness, found bool) {
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xfe")):
		return unicode.LittleEndian, true
	case bytes.HasPrefix(head, []byte("\xfe\xff")):
		return unicode.BigEndian, true
	}
	var zeros [2]int
	n := min(len(head), 1000) &^ 1
	for i, b := range head[:n] {
		if b == 0 {
			zeros[i%2]++
		}
	}
	if n < 4 || bytes.Contains(head[:n], []byte("\x00\x00")) {
		return order, false
	}
	switch {
	case zeros[0] == 0 && 10*zeros[1] >= 9*(n/2):
		return unicode.LittleEndian, true
	case zeros[1] == 0 && 10*zeros[0] >= 9*(n/2):
		return unicode.BigEndian, true
	}
	return order, false
}

// separatorLine recognizes the line sep=; that Excel reads and some programs write, and
// returns its mark and length; the length is 0 if the text begins otherwise.
func separatorLine(head []byte) (mark rune, n int) {
	end := bytes.IndexByte(head, '\n')
	if end < 0 {
		return 0, 0
	}
	line := strings.ReplaceAll(strings.TrimRight(string(head[:end]), "\r"), `"`, "")
	if len(line) < 5 || !strings.EqualFold(line[:4], "sep=") {
		return 0, 0
	}
	mark, size := utf8.DecodeRuneInString(line[4:])
	if rest := strings.Trim(line[4+size:], string(mark)); rest != "" { // spreadsheets fill the line up with delimiters
		return 0, 0
	}
	return mark, end + 1
}

// commentLines returns the number of bytes and lines to skip because lines at the
// beginning start with #. If the last of them has as many fields as the line below, it
// holds the names of the columns, as NumPy writes them: then only its # is skipped.
func commentLines(head []byte, delimiter rune) (n, lines int) {
	rest, last := head, []byte(nil)
	for bytes.HasPrefix(rest, []byte("#")) {
		end := bytes.IndexByte(rest, '\n')
		if end < 0 {
			return 0, 0
		}
		last, rest = rest[:end+1], rest[end+1:]
		lines++
	}
	if lines == 0 || len(rest) == 0 {
		return 0, 0
	}
	next, _, _ := bytes.Cut(rest, []byte("\n"))
	if delimiter == 0 {
		delimiter = findDelimiter(rest, 0)
	}
	names := bytes.TrimLeft(last, "# \t")
	above, below := fieldsOf(string(names), delimiter), fieldsOf(string(next), delimiter)
	if len(above) == len(below) && !isNumber(above[0]) && isNumber(below[0]) && (len(above) > 1 || len(strings.Fields(above[0])) == 1) {
		return len(head) - len(rest) - len(names), lines - 1
	}
	return len(head) - len(rest), lines
}

// fieldsOf splits a line at delimiters, even inside quotes.
func fieldsOf(line string, delimiter rune) []string {
	line = strings.TrimRight(line, "\r\n")
	if delimiter == Blanks {
		return strings.Fields(line)
	}
	return strings.Split(line, string(delimiter))
}

// blanksReader turns each run of blanks outside quotes into one tab, and removes blanks
// at the ends of lines.
type blanksReader struct {
	in     *bufio.Reader
	out    []byte // ready to be read
	quoted bool
	blank  bool // inside a run of blanks
	inLine bool // the line has text so far
}

func (b *blanksReader) Read(p []byte) (int, error) {
	for len(b.out) == 0 {
		if _, err := b.in.Peek(1); err != nil {
			return 0, err
		}
		chunk, _ := b.in.Peek(min(b.in.Buffered(), 1<<12)) // what is buffered
		for _, c := range chunk {
			switch {
			case (c == ' ' || c == '\t') && !b.quoted:
				b.blank = true
				continue
			case c == '\r' && !b.quoted:
				continue
			case c == '\n' && !b.quoted:
				b.inLine = false
			case b.blank && b.inLine:
				b.out = append(b.out, '\t')
				b.inLine = true
			default:
				b.inLine = true
			}
			if c == '"' {
				b.quoted = !b.quoted
			}
			b.blank = false
			b.out = append(b.out, c)
		}
		b.in.Discard(len(chunk)) //nolint:errcheck // it was peeked at
	}
	n := copy(p, b.out)
	b.out = b.out[:copy(b.out, b.out[n:])]
	return n, nil
}
