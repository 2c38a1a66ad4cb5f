package table

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"normflow/internal/memory"
	"normflow/internal/show"
)

// Reader reads the rows of one table from first to last.
type Reader struct {
	name    string // of the file, for messages
	table   string // of the table that it is, or is a part of
	one     *one   // of [Files]; nil: read by itself
	first   int64  // rows of the table before those that are read
	in      *input
	src     source
	columns []Column // read as numbers
	named   []Column // those and the coded ones, as they were asked for
	coded   *coded   // nil: none are
	kept    []Column
	notes   []Note // besides those of the source
	missing Missing
	settled bool
	// infinite accepts infinite values.
	infinite bool
	bare     bool  // the user says that a CSV has no header
	rows     int   // per chunk
	budget   int64 // bytes that the run may hold
	copies   int
	chunk    Chunk
	err      error // to return after the rows read so far

	seen, dropped int64
	tally         []int64 // missing values of each column
}

// Open opens the table at path; "-" is standard input. The caller closes it.
func Open(path string, o Options) (*Reader, error) {
	in, err := openInput(path)
	if err != nil {
		return nil, err
	}
	r, err := newReader(in, o)
	if err != nil {
		in.Close()
		return nil, err
	}
	return r, nil
}

func newReader(in *input, o Options) (*Reader, error) {
	src, err := newSource(in, o)
	if err != nil {
		return nil, InFile(in.name, err)
	}
	r := &Reader{name: in.name, table: in.name, one: o.one, in: in, budget: memory.Budget(o.Memory), copies: max(1, o.Copies), src: src, missing: o.Missing, settled: o.Settled, infinite: o.infinite, bare: o.Header == HeaderNo, rows: o.chunkRows}
	all := src.all()
	if err := checkNames(all); err != nil {
		return nil, r.wrap(err)
	}
	if !slices.ContainsFunc(all, func(c Column) bool { return c.Kind != Other }) { // whatever is chosen
		return nil, r.wrap(noNumbers(all, every(all), true))
	}
	if o.Choose != nil {
		if o.Columns, err = o.Choose(slices.Clone(all)); err != nil {
			return nil, r.wrap(err)
		}
		o.Exclude = nil
	}
	numbers, texts, coders, err := selectColumns(all, o)
	if err != nil {
		return nil, r.wrap(err)
	}
	r.named, r.kept, r.notes = pick(all, numbers), pick(all, texts), unkept(all, o.Keep)
	if coders != nil {
		r.coded = &coded{coders: coders}
		var codes []int
		numbers, codes = r.coded.divide(numbers)
		texts = append(texts, codes...)
	}
	r.columns = pick(all, numbers)
	if r.rows == 0 {
		r.rows = min(max(1, 1<<17/(len(numbers)+2*len(texts))), 4096)
	}
	r.chunk.features, r.chunk.kept = len(numbers), len(texts)
	r.tally = make([]int64, len(numbers))
	if err := src.begin(numbers, texts); err != nil {
		return nil, r.wrap(err)
	}
	if p, ok := src.(*parquetSource); ok {
		r.first = p.row // of the row groups before
	}
	if r.one != nil {
		r.first += r.one.start
		r.table = r.one.of.Name()
	}
	return r, nil
}

// Columns returns the names of the columns of a chunk's numbers.
func (r *Reader) Columns() []string { return names(r.named) }

// All returns the columns of the file.
func (r *Reader) All() []Column { return slices.Clone(r.src.all()) }

// Kept returns the columns of a chunk's text. A column of a CSV is Number if it is also
// read as numbers, else Text; so are spans of time.
func (r *Reader) Kept() []Column {
	kept := slices.Clone(r.kept)
	for i := range kept {
		kept[i].decimal = '.' // else 1.000, of decimals, could be 1000
		if kept[i].spans {
			kept[i].Kind = Text
		}
	}
	if s, csv := r.src.(*csvSource); csv {
		for i := range kept {
			kept[i].Kind, kept[i].decimal = Text, s.numbers.mark
			if slices.ContainsFunc(r.columns, func(c Column) bool { return c.Name == kept[i].Name }) { // not coded
				kept[i].Kind = Number
			}
		}
	}
	return kept
}

// Format says in words how the file was understood, such as "CSV with a header, delimiter
// ';', decimal comma". The decimal comma is known after the first chunk.
func (r *Reader) Format() string { return r.src.format() }

// Notes returns what was assumed about the file, and how to say otherwise.
func (r *Reader) Notes() []Note {
	all := slices.Clone(r.notes)
	if s, ok := r.src.(*csvSource); ok {
		all = append(all, s.notes...)
	}
	for i := range all {
		all[i].Says = show.Path(r.name) + ": " + all[i].Says
	}
	return all
}

// Dialect returns how a CSV like this one is written; the default for other formats.
func (r *Reader) Dialect() Dialect {
	if s, ok := r.src.(*csvSource); ok {
		return Dialect{Delimiter: s.delimiter, DecimalComma: s.numbers.mark == ',' && s.delimiter != ',', NoHeader: r.bare}
	}
	return Dialect{NoHeader: r.bare}
}

// Dropped returns the number of rows with missing values so far.
func (r *Reader) Dropped() int64 { return r.dropped }

// Next returns the next rows, or io.EOF after the last. An error comes after all rows
// before it, whatever the size of the chunks.
func (r *Reader) Next() (*Chunk, error) {
	for r.err == nil {
		c := &r.chunk
		c.reset()
		r.err = r.fill(c)
		switch {
		case c.Len() > 0 && r.coded != nil:
			return r.coded.merge(c, len(r.kept)), nil
		case c.Len() > 0:
			return c, nil
		}
	}
	return nil, r.err
}

// fill reads one chunk and handles the missing and infinite values in it.
func (r *Reader) fill(c *Chunk) error {
	err := r.src.fill(c, r.rows)
	switch {
	case err == io.EOF && r.seen == 0 && c.Len() == 0:
		err = r.wrap(errors.New("holds no rows: expected numbers in at least one"))
	case err != nil && err != io.EOF:
		err = r.wrap(r.adviseOnTexts(err))
	}
	if e := r.finite(c); e != nil {
		err = e
	}
	for i := range c.Len() {
		c.Numbers = append(c.Numbers, r.first+r.seen+int64(i)+1)
	}
	r.seen += int64(c.Len())
	if err == io.EOF && r.one != nil {
		err = r.one.ended(r)
	}
	if len(c.missing) > 0 {
		first, line := c.missing[0], c.Lines[c.missing[0].row]
		r.sift(c)
		if r.missing == MissingError {
			c.cut(first.row)
			return r.countMissing(line, first, err)
		}
	}
	if err == io.EOF && r.one == nil {
		return r.someLeft(r.seen, r.dropped, err)
	}
	return err
}

// finite finds the first infinite value and cuts the chunk there. It records NaN as
// missing if the source did not.
func (r *Reader) finite(c *Chunk) error {
	noted := len(c.missing) > 0 // a source that records any records every NaN
	for k, v := range c.Values {
		if v-v == 0 { // neither infinite nor NaN
			continue
		}
		i, j := k/c.features, k%c.features
		if math.IsInf(v, 0) {
			if r.infinite {
				continue
			}
			line := c.Lines[i]
			c.cut(i)
			c.missing = slices.DeleteFunc(c.missing, func(g gap) bool { return g.row >= i })
			return r.at(line, j, Error{Found: fmt.Sprintf("the infinite value %g", v), Expected: "a finite number", Remedies: []Remedy{{Do: "correct or remove it"}}})
		}
		if !noted {
			c.missing = append(c.missing, gap{i, j, "NaN"})
		}
	}
	return nil
}

// Close closes the file.
func (r *Reader) Close() error { return r.src.close() }

func (r *Reader) wrap(err error) error { return InFile(r.name, err) }

// at returns an error about a column, by its index among the numbers, in a row.
func (r *Reader) at(line int64, column int, e Error) error {
	e.File, e.Unit, e.Line, e.Column = r.name, r.src.unit(), line, r.columns[column].Name
	return &e
}

// quote shows what a file holds, short and printable.
func quote(s string) string {
	const most = 40
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return fmt.Sprintf("%q", s)
}

// shorten joins up to 20 items.
func shorten(items []string) string { return show.Names(items) }

func names(columns []Column) []string {
	all := make([]string, len(columns))
	for i, c := range columns {
		all[i] = c.Name
	}
	return all
}
