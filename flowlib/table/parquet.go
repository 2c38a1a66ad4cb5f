package table

import (
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go/format"

	"normflow/internal/memory"
	"normflow/internal/show"
)

// parquetSource reads a flat Parquet file, row group by row group, one page per column at
// a time.
type parquetSource struct {
	in      *input
	meta    *format.FileMetaData
	columns []Column
	leaves  []leaf // of the columns; those of kind Other have none
	room    *allowance

	reading  []*parquetColumn
	group    int // current row group
	end      int // first row group that is not read
	begun    bool
	left     int64 // its rows still to come
	row      int64
	longText int64 // bytes of long texts so far, see countText
}

func newParquet(in *input, o Options) (_ source, err error) {
	if in.at == nil {
		return nil, errors.New("is a Parquet file, which cannot be read from a pipe: give the file's name")
	}
	defer guard(&err, "Parquet")
	room := allowanceFor(in, o, "write smaller row groups")
	meta, err := readFooter(in, room)
	if err != nil {
		return nil, err
	}
	s := &parquetSource{in: in, meta: meta, group: -1, room: room}
	if err := s.schema(meta.Schema); err != nil {
		return nil, err
	}
	markIndex(s.columns, meta.KeyValueMetadata)
	s.markDurations(meta.KeyValueMetadata)
	if err := checkLayout(in, meta); err != nil {
		return nil, err
	}
	return s, s.only(o.Groups)
}

// only takes the row groups from the first to before the second; zero is all.
func (s *parquetSource) only(groups [2]int) error {
	first, end := groups[0], groups[1]
	if groups == [2]int{} {
		end = len(s.meta.RowGroups)
	}
	if first < 0 || end < first || end > len(s.meta.RowGroups) {
		return fmt.Errorf("has %d row groups, expected those from %d to %d in it", len(s.meta.RowGroups), first, end)
	}
	for i := range s.meta.RowGroups[:first] {
		s.row += s.meta.RowGroups[i].NumRows
	}
	s.group, s.end = first-1, end
	return nil
}

func (s *parquetSource) all() []Column  { return s.columns }
func (s *parquetSource) unit() string   { return "row" }
func (s *parquetSource) format() string { return "Parquet" }
func (s *parquetSource) rows() int64    { return s.meta.NumRows }
func (s *parquetSource) close() error   { return s.in.Close() }

func (s *parquetSource) begin(numbers, texts []int) error {
	for to, i := range append(append([]int{}, numbers...), texts...) {
		s.reading = append(s.reading, &parquetColumn{leaf: s.leaves[i], name: s.columns[i].Name, to: to, keep: to >= len(numbers), at: s.in.at, room: s.room})
	}
	return nil
}

// nextGroup goes to the next row group that has rows, or returns io.EOF.
func (s *parquetSource) nextGroup() error {
	for s.left == 0 {
		if s.begun && s.meta.RowGroups[s.group].NumRows > 0 {
			for _, c := range s.reading {
				if err := c.end(); err != nil {
					return s.wrap(c, err)
				}
			}
		}
		s.begun = true
		if s.group++; s.group >= s.end {
			return io.EOF
		}
		group := &s.meta.RowGroups[s.group]
		for _, c := range s.reading {
			if c.index >= len(group.Columns) {
				return errBrokenParquet
			}
			c.begin(&group.Columns[c.index].MetaData)
		}
		s.left = group.NumRows
	}
	return nil
}

func (s *parquetSource) fill(c *Chunk, n int) (err error) {
	defer func() { // after the guard: drops an incomplete row
		c.cut(len(c.Lines))
	}()
	defer guard(&err, "Parquet")
	for most := c.Len() + n; c.Len() < most && c.textBytes < maxText; {
		if err := s.nextGroup(); err != nil {
			return err
		}
		if err := s.batch(c, most-c.Len()); err != nil {
			return err
		}
	}
	return nil
}

// batch appends at most n rows, but no more than the current pages hold, so that an error
// in a page is found at the same row for every n.
func (s *parquetSource) batch(c *Chunk, n int) error {
	n = int(min(int64(n), s.left))
	texts := 0 // the longest of each column
	for _, col := range s.reading {
		if err := col.ready(); err != nil {
			return s.wrap(col, err)
		}
		n = min(n, col.left())
		if col.to >= c.features {
			texts += col.longest()
		}
	}
	n = max(1, min(n, maxText/max(1, texts)))
	before := c.Len()
	c.Values = extend(c.Values, n*c.features)
	c.text = extend(c.text, n*c.kept)
	for _, col := range s.reading {
		for i := range n {
			value, present := col.next()
			row := before + i
			if col.to < c.features {
				c.Values[row*c.features+col.to] = col.number(value, present)
				continue
			}
			text := col.text(value, present)
			c.text[row*c.kept+col.to-c.features] = text
			c.textBytes += len(text)
		}
	}
	for i := range n {
		if err := s.countText(c, before+i); err != nil {
			return err
		}
		c.Lines = append(c.Lines, s.row+1)
		s.row++
		s.left--
	}
	return nil
}

// errLongTexts is the cause where the texts of a file are far larger than it.
var errLongTexts = errors.New("long texts")

// countText refuses a file whose texts are far larger than the file: millions of
// rows can refer to one text of a dictionary. Texts of usual length do not count.
func (s *parquetSource) countText(c *Chunk, row int) error {
	const usual = 4 << 10
	for k, text := range c.text[row*c.kept : (row+1)*c.kept] {
		s.longText += max(0, int64(len(text))-usual)
		if most := 64<<20 + 200*s.in.size; s.longText > most {
			return &Error{
				Unit: "row", Line: s.row + 1, Column: s.reading[c.features+k].name,
				Problem: fmt.Sprintf("the texts come to more than %s in a file of %s", memory.Text(most), memory.Text(s.in.size)), Err: errLongTexts,
			}
		}
	}
	return nil
}

func (s *parquetSource) wrap(c *parquetColumn, err error) error {
	return fmt.Errorf("column %s, row group %d: %w", show.Quoted(c.name), s.group+1, err)
}
