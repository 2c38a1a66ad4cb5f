package table

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// parquetSource reads a flat Parquet file, row group by row group.
type parquetSource struct {
	in      *input
	file    *parquet.File
	columns []Column
	leaves  []leaf // as columns; those of Other have none

	reading []parquetColumn
	group   int   // the row group that is read
	left    int64 // rows of it to come
	row     int64
	buf     []parquet.Value
	pages   pageChecker
}

// leaf is where a column's values are and how they become numbers.
type leaf struct {
	index    int // among all leaves of the schema
	physical format.Type
	optional bool
	unsigned bool
	scale    float64 // of a decimal: 10^digits
}

// parquetColumn is a column that is read: its pages in the current row group.
type parquetColumn struct {
	leaf
	column int
	to     int // the place among numbers, or features + that among texts
	pages  parquet.Pages
	page   parquet.Page
	values parquet.ValueReader
}

func newParquet(in *input) (_ source, err error) {
	if in.at == nil {
		return nil, errors.New("is a Parquet file, which cannot be read from a pipe: give the file's name")
	}
	defer guard(&err, "Parquet")
	meta, err := readFooter(in)
	if err != nil {
		return nil, err
	}
	s := &parquetSource{in: in, group: -1, pages: pageChecker{at: in.at}}
	if err := s.schema(meta.Schema); err != nil {
		return nil, err
	}
	if err := checkLayout(in, meta); err != nil {
		return nil, err
	}
	s.file, err = parquet.OpenFile(in.at, in.size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, fmt.Errorf("is not a sound Parquet file (%w): make it anew", err)
	}
	return s, nil
}

// readFooter decodes the metadata at the end of the file, once it is known that
// this takes no more memory than its size warrants.
// Source: https://parquet.apache.org/docs/file-format/.
func readFooter(in *input) (*format.FileMetaData, error) {
	const most = 16 << 20
	var tail [8]byte
	if in.size < 12 {
		return nil, errCutParquet
	}
	if _, err := in.at.ReadAt(tail[:], in.size-8); err != nil {
		return nil, err
	}
	length := int64(binary.LittleEndian.Uint32(tail[:]))
	if string(tail[4:]) != magicParquet {
		return nil, errCutParquet
	}
	if length > most || length > in.size-12 {
		return nil, fmt.Errorf("is not a sound Parquet file (metadata of %d bytes in a file of %d): make it anew", length, in.size)
	}
	footer := make([]byte, length)
	if _, err := in.at.ReadAt(footer, in.size-8-length); err != nil {
		return nil, err
	}
	if n, err := checkThrift(footer); err != nil || n != len(footer) {
		return nil, errBrokenParquet
	}
	meta := new(format.FileMetaData)
	if err := thrift.Unmarshal(new(thrift.CompactProtocol), footer, meta); err != nil {
		return nil, fmt.Errorf("is not a sound Parquet file (%w): make it anew", err)
	}
	return meta, nil
}

var (
	errCutParquet    = errors.New("is a Parquet file without its end: it was cut off; copy or download it again")
	errBrokenParquet = errors.New("is not a sound Parquet file (its metadata is broken): make it anew")
)

// schema lists the columns at the top; those with columns below are Other.
func (s *parquetSource) schema(elements []format.SchemaElement) error {
	if len(elements) == 0 || len(elements) > maxColumns {
		return fmt.Errorf("is not a sound Parquet file (a schema of %d elements): make it anew", len(elements))
	}
	numLeaves := 0
	// subtree returns the index after the element and all below it.
	var subtree func(i, depth int) (int, error)
	subtree = func(i, depth int) (int, error) {
		if i >= len(elements) || depth > 32 {
			return 0, errBrokenParquet
		}
		children := elements[i].NumChildren
		if !children.Valid || children.V == 0 {
			numLeaves++
			return i + 1, nil
		}
		if children.V < 0 || int(children.V) > len(elements) {
			return 0, errBrokenParquet
		}
		next := i + 1
		for range children.V {
			var err error
			if next, err = subtree(next, depth+1); err != nil {
				return 0, err
			}
		}
		return next, nil
	}
	for i := 1; i < len(elements); {
		e := elements[i]
		c, l := describe(&e)
		l.index = numLeaves
		s.columns, s.leaves = append(s.columns, c), append(s.leaves, l)
		next, err := subtree(i, 0)
		if err != nil {
			return err
		}
		i = next
	}
	if int(elements[0].NumChildren.V) != len(s.columns) {
		return errBrokenParquet
	}
	return nil
}

// describe says what a column at the top of the schema holds.
func describe(e *format.SchemaElement) (Column, leaf) {
	c := Column{Name: e.Name}
	var l leaf
	other := func(note string) (Column, leaf) {
		c.Kind, c.note = Other, note
		return c, l
	}
	if !e.Type.Valid {
		return other("further columns")
	}
	if e.RepetitionType.Valid && e.RepetitionType.V == format.Repeated {
		return other("lists")
	}
	l.physical, l.optional = e.Type.V, e.RepetitionType.Valid && e.RepetitionType.V == format.Optional
	converted := func(kinds ...deprecated.ConvertedType) bool {
		for _, k := range kinds {
			if e.ConvertedType.Valid && e.ConvertedType.V == k {
				return true
			}
		}
		return false
	}
	switch logical := e.LogicalType.Value.(type) {
	case nil:
		l.unsigned = converted(deprecated.Uint8, deprecated.Uint16, deprecated.Uint32, deprecated.Uint64)
		if converted(deprecated.Date, deprecated.TimeMillis, deprecated.TimeMicros, deprecated.TimestampMillis, deprecated.TimestampMicros, deprecated.Interval) {
			return other("dates or times")
		}
		if converted(deprecated.Decimal) && e.Scale.Valid {
			l.scale = math.Pow10(int(e.Scale.V))
		}
	case *format.IntType:
		l.unsigned = !logical.IsSigned
	case *format.DecimalType:
		l.scale = math.Pow10(int(logical.Scale))
	case *format.DateType, *format.TimeType, *format.TimestampType:
		return other("dates or times")
	}
	switch e.Type.V {
	case format.Boolean, format.Int32, format.Int64, format.Float, format.Double:
		return c, l
	case format.ByteArray:
		if l.scale != 0 {
			return other("decimals of any length (cast them to double)")
		}
		c.Kind, c.note = Text, "text"
		return c, l
	}
	return other("values of a type that is no number (" + strings.ToLower(e.Type.V.String()) + ")")
}

// checkLayout refuses columns that lie outside the file or do not fit the schema.
func checkLayout(in *input, meta *format.FileMetaData) error {
	rows := int64(0)
	for g := range meta.RowGroups {
		group := &meta.RowGroups[g]
		if group.NumRows < 0 {
			return errBrokenParquet
		}
		rows += group.NumRows
		for k := range group.Columns {
			m := &group.Columns[k].MetaData
			start := chunkStart(m)
			if m.DataPageOffset < 0 || m.DictionaryPageOffset < 0 || m.TotalCompressedSize < 0 || start > in.size || m.TotalCompressedSize > in.size-start {
				return fmt.Errorf("is not a sound Parquet file (a column of row group %d lies outside the file): it was cut off or changed; copy or make it again", g+1)
			}
		}
	}
	if rows != meta.NumRows {
		return errBrokenParquet
	}
	return nil
}

// chunkStart is where the library starts to read a column of a row group.
func chunkStart(m *format.ColumnMetaData) int64 {
	if m.DictionaryPageOffset != 0 {
		return m.DictionaryPageOffset
	}
	return m.DataPageOffset
}

func (s *parquetSource) all() []Column  { return s.columns }
func (s *parquetSource) unit() string   { return "row" }
func (s *parquetSource) format() string { return "Parquet" }

func (s *parquetSource) close() error {
	s.release()
	return s.in.Close()
}

func (s *parquetSource) begin(numbers, texts []int) error {
	for to, i := range append(append([]int{}, numbers...), texts...) {
		s.reading = append(s.reading, parquetColumn{leaf: s.leaves[i], column: i, to: to})
	}
	return nil
}

func (s *parquetSource) release() {
	for i := range s.reading {
		c := &s.reading[i]
		if c.page != nil {
			parquet.Release(c.page)
		}
		if c.pages != nil {
			c.pages.Close() //nolint:errcheck // nothing was written
		}
		c.page, c.pages, c.values = nil, nil, nil
	}
}

// nextGroup opens the next row group that has rows, or returns io.EOF.
func (s *parquetSource) nextGroup() error {
	groups := s.file.RowGroups()
	for s.left == 0 {
		s.release()
		if s.group++; s.group >= len(groups) {
			return io.EOF
		}
		meta := &s.file.Metadata().RowGroups[s.group]
		chunks := groups[s.group].ColumnChunks()
		for i := range s.reading {
			c := &s.reading[i]
			if c.index >= len(chunks) || c.index >= len(meta.Columns) {
				return errBrokenParquet
			}
			s.pages.physical, s.pages.optional = c.physical, c.optional
			if err := s.pages.column(&meta.Columns[c.index].MetaData, meta.NumRows); err != nil {
				return fmt.Errorf("column %q, row group %d: %w", s.columns[c.column].Name, s.group+1, err)
			}
			c.pages = chunks[c.index].Pages()
		}
		s.left = meta.NumRows
	}
	return nil
}

func (s *parquetSource) fill(c *Chunk, n int) (err error) {
	before := c.Len()
	defer func() { // after the guard: rows that are not whole go
		if err != nil && err != io.EOF {
			c.cut(before)
		}
	}()
	defer guard(&err, "Parquet")
	if err := s.nextGroup(); err != nil {
		return err
	}
	n = int(min(int64(n), s.left))
	if cap(s.buf) < n {
		s.buf = make([]parquet.Value, n)
	}
	c.Values = extend(c.Values, n*c.features)
	c.text = extend(c.text, n*c.kept)
	for i := range n {
		c.Lines = append(c.Lines, s.row+int64(i)+1)
	}
	for k := range s.reading {
		col := &s.reading[k]
		if err := s.column(c, before, n, col); err != nil {
			return fmt.Errorf("row group %d, column %q: %w", s.group+1, s.columns[col.column].Name, err)
		}
	}
	s.row += int64(n)
	s.left -= int64(n)
	return nil
}

// column reads n values of one column into the rows of c from before on.
func (s *parquetSource) column(c *Chunk, before, n int, col *parquetColumn) error {
	for done := 0; done < n; {
		if col.values == nil {
			page, err := col.pages.ReadPage()
			if err != nil {
				return fmt.Errorf("is not sound (%w): make the file anew", err)
			}
			col.page, col.values = page, page.Values()
		}
		buf := s.buf[:n-done]
		got, err := col.values.ReadValues(buf)
		for i, v := range buf[:got] {
			row := before + done + i
			if col.to < c.features {
				c.Values[row*c.features+col.to] = col.number(v)
			} else {
				text := col.string(v)
				c.text[row*c.kept+col.to-c.features] = text
				c.textBytes += len(text)
			}
		}
		done += got
		switch {
		case err == io.EOF:
			parquet.Release(col.page)
			col.page, col.values = nil, nil
		case err != nil:
			return fmt.Errorf("is not sound (%w): make the file anew", err)
		case got == 0:
			return io.ErrNoProgress
		}
	}
	return nil
}

// number is v as a number, NaN if it is null.
func (l leaf) number(v parquet.Value) float64 {
	x := math.NaN()
	switch {
	case v.IsNull():
		return x
	case v.Kind() == parquet.Double:
		return v.Double()
	case v.Kind() == parquet.Float:
		return float64(v.Float())
	case v.Kind() == parquet.Boolean:
		if v.Boolean() {
			return 1
		}
		return 0
	case v.Kind() == parquet.Int32 && l.unsigned:
		x = float64(v.Uint32())
	case v.Kind() == parquet.Int32:
		x = float64(v.Int32())
	case v.Kind() == parquet.Int64 && l.unsigned:
		x = float64(v.Uint64())
	case v.Kind() == parquet.Int64:
		x = float64(v.Int64())
	}
	if l.scale != 0 {
		x /= l.scale
	}
	return x
}

func (l leaf) string(v parquet.Value) string {
	switch {
	case v.IsNull():
		return ""
	case v.Kind() == parquet.ByteArray || v.Kind() == parquet.FixedLenByteArray:
		return string(v.ByteArray()) // a copy: the page goes
	case l.scale == 0 && v.Kind() == parquet.Int64 && l.unsigned:
		return strconv.FormatUint(v.Uint64(), 10)
	case l.scale == 0 && v.Kind() == parquet.Int64:
		return strconv.FormatInt(v.Int64(), 10)
	case v.Kind() == parquet.Float:
		return strconv.FormatFloat(float64(v.Float()), 'g', -1, 32)
	}
	return strconv.FormatFloat(l.number(v), 'g', -1, 64)
}
