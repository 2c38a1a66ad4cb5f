package table

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// csvSource reads text with one row per line by the rules of encoding/csv: blank lines
// are skipped, and "" inside quotes is one quote.
type csvSource struct {
	in    *input
	csv   *csv.Reader
	limit *limitedReader
	dialect
	packed    string // the packing, "" for none
	header    bool
	columns   []Column
	width     int // number of fields per row, set by the first
	widthLine int64
	last      int // line of the last record
	numbers   numbers
	want, ask []int // columns to read as numbers, and as text
	settled   bool  // see Options.Settled
	like      rune  // see Options.mark
	notes     []Note
	trailing  bool // lines end with a delimiter that is followed by nothing
	leading   bool // and begin with one, as in Markdown

	waiting []record // records read to find out about the header
	end     error    // the error after those
}

type record struct {
	fields []string
	line   int64
}

func newCSV(in *input, r *bufio.Reader, packed string, o Options) (source, error) {
	d, r, err := newDialect(r, o)
	if err != nil {
		return nil, err
	}
	s := &csvSource{in: in, packed: packed, dialect: d}
	s.numbers.missing = markers(o.NA)
	switch o.Decimal {
	case 0, '.', ',':
		s.numbers.mark = o.Decimal
	default:
		return nil, &Error{Option: OptionDecimal, Problem: fmt.Sprintf("%q is no decimal mark: expected . or ,", o.Decimal)}
	}
	s.settled, s.like = o.Settled, o.mark
	s.limit = &limitedReader{r: r}
	s.csv = csv.NewReader(s.limit)
	s.csv.Comma, s.csv.FieldsPerRecord, s.csv.ReuseRecord = s.delimiter, -1, true
	if s.delimiter == Blanks {
		s.csv.Comma = '\t' // newDialect has turned them into tabs
	}
	s.csv.Comment, s.csv.TrimLeadingSpace = d.comment, d.trim

	for size := 0; s.end == nil && len(s.waiting) < headLines && (size < headBytes || len(s.waiting) < 2); {
		var rec record
		if rec, s.end = s.read(); s.end == nil {
			rec.fields = slices.Clone(rec.fields)
			s.waiting = append(s.waiting, rec)
			for _, field := range rec.fields {
				size += len(field) + 16
			}
		}
	}
	if len(s.waiting) == 0 {
		if s.end == io.EOF {
			return nil, errors.New("holds only blank lines: expected a table of numbers")
		}
		return nil, s.end
	}
	if len(s.waiting[0].fields) > maxColumns {
		return nil, fmt.Errorf("line %d has %d columns, expected at most %d", s.waiting[0].line, len(s.waiting[0].fields), maxColumns)
	}
	err = s.names(o)
	s.findWords()
	return s, err
}

// names takes the header off, or numbers the columns.
func (s *csvSource) names(o Options) error {
	h := o.Header
	s.dropRule()
	s.dropTrailing()
	first := s.waiting[0]
	s.width, s.widthLine = len(first.fields), first.line
	var below [][]string
	for _, rec := range s.waiting[1:] {
		below = append(below, rec.fields)
	}
	rowNames := h != HeaderNo && hasRowNames(first.fields, below)
	if rowNames { // R gives these no name
		first.fields = append([]string{""}, first.fields...)
		s.width++
	}
	if err := titleError(first, below); err != nil && !rowNames {
		return err
	}
	found := titles
	if h == HeaderAuto && !holdsAll(first.fields, o.Names) {
		found = isHeader(first.fields, below)
	}
	switch {
	case found == question:
		return &Error{
			Problem:  fmt.Sprintf("line %d (%s) may be the columns' names or a row", first.line, firstLine(first.fields)),
			Remedies: []Remedy{{"say that they are names", OptionHeader, []string{"yes"}}, {"a row", OptionHeader, []string{"no"}}},
		}
	case found == likely && !o.Settled:
		s.notes = append(s.notes, headerNote(first.line, first.fields))
	}
	s.header = h != HeaderNo && found != row
	if !s.header && rowNames {
		s.width--
	}
	s.columns = make([]Column, s.width)
	if !s.header {
		for i := range s.columns {
			s.columns[i].Name = "c" + strconv.Itoa(i+1)
		}
		return nil
	}
	s.waiting = s.waiting[1:]
	for i, name := range first.fields {
		s.columns[i].Name = strings.TrimSpace(utf8Text(name))
	}
	for i := 0; i < s.width-1 && isNoName(s.columns[i].Name); i++ {
		s.columns[i].Index = rowNames || isIndex(column(below, i))
	}
	s.dropUnits()
	if len(s.waiting) == 0 && s.end == io.EOF {
		return fmt.Errorf("holds only a header (%s): expected rows of numbers below it", shorten(names(s.columns)))
	}
	return nil
}

func (s *csvSource) all() []Column { return s.columns }
func (s *csvSource) unit() string  { return "line" }
func (s *csvSource) close() error  { return s.in.Close() }

func (s *csvSource) begin(numbers, texts []int) error {
	s.want, s.ask = numbers, texts
	s.numbers.alone = s.width == 1
	if s.numbers.mark == 0 {
		var below [][]string
		for _, rec := range s.waiting {
			below = append(below, rec.fields)
		}
		var fields [][]string
		var called []string
		for _, i := range numbers {
			fields, called = append(fields, column(below, i)), append(called, s.columns[i].Name)
		}
		note := s.numbers.guess(fields, called, s.delimiter)
		if (s.numbers.mark == 0 || note != nil) && s.like != 0 {
			s.numbers.mark, s.numbers.seen, note = s.like, "", nil
		}
		if note != nil {
			s.notes = append(s.notes, *note)
		}
	}
	return nil
}

func (s *csvSource) format() string {
	what := "CSV without a header"
	if s.header {
		what = "CSV with a header"
	}
	if s.delimiter == Blanks {
		what += ", columns parted by blanks"
	} else {
		what += fmt.Sprintf(", delimiter %q", s.delimiter)
	}
	what += s.said
	if s.numbers.mark == ',' {
		what += ", decimal comma"
	}
	for _, how := range []string{s.encoding, s.packed} {
		if how != "" {
			what += ", " + how
		}
	}
	return what
}

func (s *csvSource) fill(c *Chunk, n int) error {
	for range n {
		rec, err := s.next()
		if err != nil {
			return err
		}
		if err := s.add(c, rec); err != nil {
			return err
		}
		if c.textBytes > maxText {
			break
		}
	}
	return nil
}

func (s *csvSource) next() (record, error) {
	if len(s.waiting) > 0 {
		rec := s.waiting[0]
		s.waiting = s.waiting[1:]
		return rec, nil
	}
	if s.end != nil {
		return record{}, s.end
	}
	return s.read()
}

// add parses one record into c, or leaves c unchanged.
func (s *csvSource) add(c *Chunk, rec record) error {
	if len(rec.fields) != s.width {
		by := fmt.Sprintf("line %d has", s.widthLine)
		if s.header {
			by = "the header has"
		}
		problem := fmt.Sprintf("line %d has %d fields, %s %d (delimiter %q)", rec.line, len(rec.fields), by, s.width, s.delimiter)
		if strings.HasPrefix(rec.fields[0], "#") {
			return &Error{Problem: problem, Remedies: []Remedy{{"if it is a comment, say so", OptionComment, []string{"#"}}, {Do: "correct the line"}}}
		}
		return errors.New(problem + ": correct the line; quote a text that holds the delimiter")
	}
	values, gaps := len(c.Values), len(c.missing)
	for j, i := range s.want {
		v, err := s.numbers.parse(rec.fields[i])
		switch {
		case err == errMissing:
			c.missing = append(c.missing, gap{len(c.Lines), j, rec.fields[i]})
			v = math.NaN()
		case err != nil:
			c.Values, c.missing = c.Values[:values], c.missing[:gaps]
			return s.noNumber(rec, i, err)
		}
		c.Values = append(c.Values, v)
	}
	for _, i := range s.ask {
		text := utf8Text(rec.fields[i])
		c.text = append(c.text, text)
		c.textBytes += len(text)
	}
	c.Lines = append(c.Lines, rec.line)
	return nil
}

// read returns the next record; its fields are valid until the next call.
func (s *csvSource) read() (record, error) {
	s.limit.left = maxRecord
	fields, err := s.csv.Read()
	var parse *csv.ParseError
	switch {
	case err == nil:
		line, _ := s.csv.FieldPos(0)
		line += s.skipped
		s.last = line
		if n := len(fields) - 1; s.trailing && n > 0 && fields[n] == "" {
			fields = fields[:n]
		}
		if s.leading && len(fields) > 1 && strings.TrimSpace(fields[0]) == "" {
			fields = fields[1:]
		}
		return record{fields, int64(line)}, nil
	case errors.As(err, &parse):
		what := fmt.Errorf("line %d: a quote (\") stands inside a field that is not quoted: quote the whole field and double the quotes in it", s.skipped+parse.Line)
		if errors.Is(err, csv.ErrQuote) {
			what = fmt.Errorf("line %d: a quoted field that starts here does not end well: close it with a quote (\") before the delimiter, and double the quotes in it", s.skipped+parse.StartLine)
		}
		return record{}, what
	case errors.Is(err, errLongRecord):
		return record{}, fmt.Errorf("the row after line %d is longer than %d bytes: is a quote (\") not closed there?", s.last, maxRecord)
	}
	return record{}, err
}

var errLongRecord = errors.New("table: long record")

// limitedReader stops a record that would fill the memory.
type limitedReader struct {
	r    *bufio.Reader
	left int
}

func (l *limitedReader) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errLongRecord
	}
	n, err := l.r.Read(p)
	l.left -= n
	return n, err
}
