package table

import (
	"archive/zip"
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"

	"normflow/internal/npz"
	"normflow/internal/whole"
)

// npySink writes one array of float64, [rows, columns] in C order. Its header has a fixed
// length and is rewritten once the rows are counted.
type npySink struct {
	file    *os.File
	out     *bufio.Writer
	kept    []Column
	columns int
	rows    int64
}

func newNPYSink(file *os.File, kept []Column, columns int) (*npySink, error) {
	s := &npySink{file: file, out: bufio.NewWriterSize(file, 1<<16), kept: kept, columns: columns}
	_, err := s.out.Write(npz.Prelude("<f8", fmt.Sprintf("(0, %d)", columns)))
	return s, err
}

func (s *npySink) row(text []string, values []float64, _ []string) error {
	s.rows++
	b := s.out.AvailableBuffer()
	for i, t := range text {
		v, err := keptNumber(s.kept[i], t)
		if err != nil {
			return err
		}
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	for _, v := range values {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	_, err := s.out.Write(b)
	return err
}

func (s *npySink) finish() error {
	if err := s.out.Flush(); err != nil {
		return err
	}
	_, err := s.file.WriteAt(npz.Prelude("<f8", fmt.Sprintf("(%d, %d)", s.rows, s.columns)), 0)
	return err
}

// npzSink writes an array of one axis for each column, under the column's name. The rows
// wait in a temporary file beside it until all are known.
type npzSink struct {
	file  *os.File
	rows  *npySink
	names []string
}

func newNPZSink(file *os.File, kept []Column, names []string) (*npzSink, error) {
	waiting, err := whole.Scratch(filepath.Dir(file.Name()))
	if err != nil {
		return nil, err
	}
	rows, err := newNPYSink(waiting, kept, len(names))
	return &npzSink{file: file, rows: rows, names: names}, err
}

func (s *npzSink) row(text []string, values []float64, _ []string) error {
	return s.rows.row(text, values, nil)
}

func (s *npzSink) finish() error {
	if err := s.rows.finish(); err != nil {
		return err
	}
	out := bufio.NewWriterSize(s.file, 1<<16)
	z := zip.NewWriter(out)
	for j, name := range s.names {
		// Stored, not compressed, as numpy.savez does: a reader can seek in it.
		member, err := z.CreateHeader(&zip.FileHeader{Name: name + ".npy", Method: zip.Store})
		if err != nil {
			return err
		}
		if err := s.member(member, j); err != nil {
			return err
		}
	}
	if err := z.Close(); err != nil {
		return err
	}
	return out.Flush()
}

// member copies column j.
func (s *npzSink) member(w io.Writer, j int) error {
	prelude := npz.Prelude("<f8", fmt.Sprintf("(%d,)", s.rows.rows))
	if _, err := w.Write(prelude); err != nil {
		return err
	}
	if _, err := s.rows.file.Seek(int64(len(prelude)), io.SeekStart); err != nil {
		return err
	}
	in, row := bufio.NewReaderSize(s.rows.file, 1<<18), make([]byte, 8*len(s.names))
	out := bufio.NewWriterSize(w, 1<<16)
	for range s.rows.rows {
		if _, err := io.ReadFull(in, row); err != nil {
			return err
		}
		if _, err := out.Write(row[8*j : 8*j+8]); err != nil {
			return err
		}
	}
	return out.Flush()
}

func (s *npzSink) abort() {
	if s == nil { // the temporary file could not be created
		return
	}
	whole.Discard(s.rows.file)
}
