package table

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"

	"normflow/internal/show"
	"normflow/internal/whole"
)

// Dialect says how a CSV is written. The zero value writes commas, decimal points and the
// shortest text that reads back as the same float64.
type Dialect struct {
	Delimiter    rune // 0: ',', or tab if the name ends in .tsv
	DecimalComma bool // needs another delimiter than ','
	NoHeader     bool // leave the names of the columns out
	Single       bool // the numbers are float32: writes the shortest text that reads back as the same
}

// Writer writes one table. Commit puts it at its path; an older file there stays whole
// until then.
type Writer struct {
	name    string
	kept    []Column
	numbers []string
	notes   []string
	sink    sink
	file    *whole.File // nil for standard output
	rows    int64
	done    bool
}

// sink writes a file of one format.
type sink interface {
	row(text []string, values []float64, notes []string) error
	finish() error
}

// Create starts a table: kept columns, given as text, then the named columns of numbers,
// then notes, which are text. The name determines the format: .npy, .npz, .parquet, .csv,
// .tsv or .txt, the last three also with .gz or .zst. No extension, and "-", standard
// output, mean CSV; any other extension is an error. End with Commit or Abort.
func Create(path string, kept []Column, numbers []string, d Dialect, notes ...string) (*Writer, error) {
	w := &Writer{name: path, kept: slices.Clone(kept), numbers: slices.Clone(numbers), notes: slices.Clone(notes)}
	all := slices.Clone(kept)
	for _, name := range slices.Concat(numbers, notes) {
		all = append(all, Column{Name: name})
	}
	if err := checkNames(all); err != nil {
		return nil, fmt.Errorf("%s: the table to write %w", show.Path(path), err)
	}
	for i, c := range kept {
		w.kept[i].Name = all[i].Name
		if c.Kind == Other {
			return nil, fmt.Errorf("%s: column %s holds %s, which cannot be written", show.Path(path), show.Quoted(c.Name), c.note)
		}
	}
	if err := CheckOut(path); err != nil {
		return nil, err
	}
	format := outFormat{kind: "csv"}
	if !IsStdout(path) {
		format, _ = formatOf(path)
	}
	switch {
	case format.tabs:
		d.Delimiter = '\t'
	case d.Delimiter == Blanks:
		d.Delimiter, d.DecimalComma = ',', false
	case d.Delimiter == 0:
		d.Delimiter = ','
	}
	if d.DecimalComma && d.Delimiter == ',' {
		return nil, fmt.Errorf("%s: a comma cannot be both the delimiter and the decimal mark: choose another delimiter", show.Path(path))
	}
	file, err := w.open(path)
	if err == nil {
		err = w.start(file, format, d)
	}
	if err != nil {
		w.Abort()
		return nil, fmt.Errorf("%s: cannot be written: %w", show.Path(path), err)
	}
	return w, nil
}

// WriteAll writes a whole table of numbers, rows [n, D], to path. See [Create].
func WriteAll(path string, columns []string, rows [][]float64) error {
	w, err := Create(path, nil, columns, Dialect{})
	if err != nil {
		return err
	}
	defer w.Abort()
	for _, row := range rows {
		if err := w.Write(nil, row); err != nil {
			return err
		}
	}
	return w.Commit()
}

// IsStdout reports whether a path names standard output: "-", or the system's name for
// it.
func IsStdout(path string) bool {
	return slices.Contains([]string{"-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"}, path)
}

// open creates the file beside path.
func (w *Writer) open(path string) (file *os.File, err error) {
	if IsStdout(path) { // a file behind it may be appended to, and must not be replaced
		w.name = "standard output"
		return os.Stdout, nil
	}
	if w.file, err = whole.Create(path); err != nil {
		return nil, err
	}
	return w.file.File, nil
}

func (w *Writer) start(file *os.File, format outFormat, d Dialect) (err error) {
	if format.kind == "npy" || format.kind == "npz" {
		called := strings.ToUpper(format.kind)
		if w.file == nil || !w.file.IsPlain() {
			return fmt.Errorf("%s needs a plain file, this is a device: write CSV", called)
		}
		numbersOnly := called + " is written with numbers only: name it .csv or .parquet"
		for _, c := range w.kept {
			if c.Kind == Text {
				return fmt.Errorf("column %s holds text, and %s, or keep no columns of text", show.Quoted(c.Name), numbersOnly)
			}
		}
		if len(w.notes) > 0 {
			return fmt.Errorf("column %s holds text, and %s", show.Quoted(w.notes[0]), numbersOnly)
		}
	}
	switch format.kind {
	case "npy":
		w.sink, err = newNPYSink(file, w.kept, len(w.kept)+len(w.numbers))
	case "npz":
		w.sink, err = newNPZSink(file, w.kept, append(names(w.kept), w.numbers...))
	case "parquet":
		w.sink, err = newParquetSink(file, w.kept, w.numbers, w.notes)
	default:
		w.sink, err = newCSVSink(file, slices.Concat(names(w.kept), w.numbers, w.notes), d, format.pack)
	}
	return err
}

// Write adds one row: the text of the kept columns, the numbers, and the notes.
func (w *Writer) Write(text []string, values []float64, notes ...string) error {
	if len(text) != len(w.kept) || len(values) != len(w.numbers) || len(notes) != len(w.notes) {
		return fmt.Errorf("%s: row %d has %d texts, %d numbers and %d notes, expected %d, %d and %d",
			show.Path(w.name), w.rows+1, len(text), len(values), len(notes), len(w.kept), len(w.numbers), len(w.notes))
	}
	w.rows++
	if err := w.sink.row(text, values, notes); err != nil {
		return fmt.Errorf("%s: row %d cannot be written: %w", show.Path(w.name), w.rows, err)
	}
	return nil
}

// Commit ends the table and puts it at its path.
func (w *Writer) Commit() error {
	defer w.Abort()
	if w.done {
		return fmt.Errorf("%s: was ended before", show.Path(w.name))
	}
	err := w.sink.finish()
	if err == nil && w.file != nil {
		err = w.file.Commit()
	}
	if err != nil {
		return fmt.Errorf("%s: cannot be written: %w", show.Path(w.name), err)
	}
	return nil
}

// Abort removes what was written. After Commit it does nothing.
func (w *Writer) Abort() {
	if w.done {
		return
	}
	w.done = true
	if s, ok := w.sink.(interface{ abort() }); ok {
		s.abort()
	}
	if w.file != nil {
		w.file.Abort()
	}
}

// csvSink writes CSV as encoding/csv would.
type csvSink struct {
	out       *bufio.Writer
	packed    io.WriteCloser // nil if not packed
	delimiter byte
	comma     bool
	bits      int // of the numbers, 32 or 64
}

func newCSVSink(file io.Writer, columns []string, d Dialect, pack func(io.Writer) (io.WriteCloser, error)) (_ *csvSink, err error) {
	if d.Delimiter >= 0x80 || strings.ContainsRune("\"\r\n\x00", d.Delimiter) {
		return nil, fmt.Errorf("%q cannot part columns", d.Delimiter)
	}
	s := &csvSink{delimiter: byte(d.Delimiter), comma: d.DecimalComma, bits: 64}
	if d.Single {
		s.bits = 32
	}
	if pack != nil {
		if s.packed, err = pack(file); err != nil {
			return nil, err
		}
		file = s.packed
	}
	s.out = bufio.NewWriterSize(file, 1<<16)
	if d.NoHeader {
		return s, nil
	}
	return s, s.row(columns, nil, nil)
}

func (s *csvSink) row(text []string, values []float64, notes []string) error {
	alone := len(text)+len(values)+len(notes) == 1
	for i, field := range text {
		if i > 0 {
			s.out.WriteByte(s.delimiter) //nolint:errcheck // a bufio.Writer repeats its error
		}
		s.field(field, alone)
	}
	for j, v := range values {
		b := s.out.AvailableBuffer()
		if j > 0 || len(text) > 0 {
			b = append(b, s.delimiter)
		}
		bits := s.bits
		if math.IsInf(float64(float32(v)), 0) { // beyond float32, such as the log-density of a row far out
			bits = 64
		}
		if math.IsNaN(v) && !alone { // a missing value; alone it would be a blank line
			s.out.Write(b) //nolint:errcheck // as above
			continue
		}
		b = appendNumber(b, v, bits)
		if s.comma {
			if i := bytes.IndexByte(b[min(1, len(b)):], '.'); i >= 0 {
				b[i+1] = ','
			}
		}
		s.out.Write(b) //nolint:errcheck // as above
	}
	for i, field := range notes {
		if i+len(text)+len(values) > 0 {
			s.out.WriteByte(s.delimiter) //nolint:errcheck // as above
		}
		s.field(field, alone)
	}
	return s.out.WriteByte('\n')
}

// field writes a text, quoted if necessary.
func (s *csvSink) field(text string, alone bool) {
	plain := strings.IndexByte(text, s.delimiter) < 0 && !strings.ContainsAny(text, "\"\r\n")
	if plain && text != "" && text[0] != ' ' && !strings.HasPrefix(text, byteOrderMark) || text == "" && !alone { // a line must not be blank
		s.out.WriteString(text) //nolint:errcheck // as above
		return
	}
	s.out.WriteString(`"` + strings.ReplaceAll(text, `"`, `""`) + `"`) //nolint:errcheck // as above
}

func (s *csvSink) finish() error {
	if err := s.out.Flush(); err != nil || s.packed == nil {
		return err
	}
	return s.packed.Close()
}
