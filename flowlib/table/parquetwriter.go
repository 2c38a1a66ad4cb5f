package table

import (
	"io"
	"slices"

	"github.com/parquet-go/parquet-go"
)

// parquetSink writes numbers as double and texts as string, in row groups small enough
// for memory.
type parquetSink struct {
	out     *parquet.GenericWriter[any]
	kept    []Column
	rows    []parquet.Row
	pending int // rows not handed to the library yet
	group   int64
}

const (
	parquetBatch = 256     // rows handed to the library at once
	parquetGroup = 1 << 16 // rows of a group
)

// ordered is a group whose columns keep the given order; the library's own sorts them by
// name.
type ordered struct {
	parquet.Group
	names []string
}

func (o ordered) Fields() []parquet.Field {
	fields := o.Group.Fields()
	place := map[string]int{}
	for i, name := range o.names {
		place[name] = i
	}
	slices.SortFunc(fields, func(a, b parquet.Field) int { return place[a.Name()] - place[b.Name()] })
	return fields
}

func newParquetSink(file io.Writer, kept []Column, numbers, notes []string) (*parquetSink, error) {
	group := ordered{parquet.Group{}, slices.Concat(names(kept), numbers, notes)}
	text := parquet.Encoded(parquet.String(), &parquet.Plain) // few readers know the library's default
	for _, c := range kept {
		if c.Kind == Text {
			group.Group[c.Name] = text
		} else {
			group.Group[c.Name] = parquet.Leaf(parquet.DoubleType)
		}
	}
	for _, name := range numbers {
		group.Group[name] = parquet.Leaf(parquet.DoubleType)
	}
	for _, name := range notes {
		group.Group[name] = text
	}
	s := &parquetSink{kept: kept}
	s.out = parquet.NewGenericWriter[any](file, parquet.NewSchema("table", group), parquet.Compression(&parquet.Snappy))
	for range parquetBatch {
		s.rows = append(s.rows, make(parquet.Row, len(group.names)))
	}
	return s, nil
}

func (s *parquetSink) row(text []string, values []float64, notes []string) (err error) {
	defer guard(&err, "Parquet")
	row := s.rows[s.pending]
	for i, t := range text {
		v := parquet.ByteArrayValue([]byte(t))
		if s.kept[i].Kind == Number {
			x, err := keptNumber(s.kept[i], t)
			if err != nil {
				return err
			}
			v = parquet.DoubleValue(x)
		}
		row[i] = v.Level(0, 0, i)
	}
	for j, x := range values {
		row[len(text)+j] = parquet.DoubleValue(x).Level(0, 0, len(text)+j)
	}
	for k, t := range notes {
		at := len(text) + len(values) + k
		row[at] = parquet.ByteArrayValue([]byte(t)).Level(0, 0, at)
	}
	if s.pending++; s.pending == len(s.rows) {
		return s.flush()
	}
	return nil
}

func (s *parquetSink) flush() error {
	if _, err := s.out.WriteRows(s.rows[:s.pending]); err != nil {
		return err
	}
	s.group += int64(s.pending)
	s.pending = 0
	if s.group >= parquetGroup {
		s.group = 0
		return s.out.Flush()
	}
	return nil
}

func (s *parquetSink) finish() (err error) {
	defer guard(&err, "Parquet")
	if err := s.flush(); err != nil {
		return err
	}
	return s.out.Close()
}
