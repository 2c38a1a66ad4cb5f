// Package table reads and writes tables of numbers, a chunk at a time: memory
// depends on the width of a row, not on how many there are.
//
// It knows CSV (delimiters ',', ';' and tab, quotes, with or without a header,
// CRLF, a byte order mark, gzip), NumPy's NPY and NPZ, and Parquet, told apart
// by content. What a file says about its own sizes is checked before memory is
// taken for it. Every message names the file, the line of a CSV or the row of
// another format (both from 1), the column, what was found, what was expected,
// and what to do; it names the options that would help by its fields, see [Error].
//
// Rules that hold for every format:
//
//   - An empty field, NaN, NA, N/A, #N/A, <NA>, null, none and ? (in any case)
//     mean that a value is missing. See [Missing].
//   - An infinite value is an error; so is a number beyond the range of float64.
//   - Columns that are not asked for are not parsed and may hold anything.
//   - Without names, columns are c1, c2, …; so is a column whose name is empty.
//   - Booleans count as 0 and 1. Integers beyond 2⁵³ are rounded.
package table

import (
	"fmt"

	"gonum.org/v1/gonum/mat"

	"normflow/internal/show"
)

// Options says what to read. The zero value reads every column of any file.
type Options struct {
	// Columns are the columns to read as numbers, in this order, each by name or by its
	// number from 1; a name that is itself a number takes precedence. If empty, all
	// columns of the file except those of Exclude.
	Columns []string
	// Exclude names columns to leave out if Columns is empty, such as labels.
	Exclude []string
	// Choose, if not nil, receives the file's columns and returns the names of those to
	// read as numbers, instead of Columns and Exclude. Open returns its error.
	Choose func(all []Column) ([]string, error) `json:"-"`
	// Coder, if not nil, is asked for each of the columns to read, by its place among them,
	// whether to read it as texts, which the Coder that it returns turns into numbers; nil
	// if it holds numbers.
	Coder func(place int, c Column) Coder `json:"-"`
	// Settled says that the user has no choice of columns, for instance because a model
	// sets them: then no message advises to leave one out.
	Settled bool
	// Names are the names of the columns if they have any, as a model knows them: the
	// first line of a CSV that holds all of them is its header, even if they are numbers.
	Names []string
	// Keep names columns to carry along as text; "*" means all.
	Keep []string

	Header    Header
	Delimiter rune    // of a CSV, or [Blanks]; 0: detected in the first lines
	Decimal   rune    // decimal mark of a CSV, '.' or ','; 0: detected, see [Reader.Notes]
	Comment   rune    // skips lines of a CSV that begin with it; 0: only lines at its top that begin with #
	Missing   Missing // what to do with a row that misses a value
	// NA holds marks for a missing value in a CSV, besides the usual ones.
	NA []string
	// Array names one array of an NPZ. If empty, all are read side by side; they must
	// have the same number of rows.
	Array string
	// Groups are the row groups of a Parquet file to read, from the first to before the
	// second, counted from 0. Zero: all. Rows keep their numbers in the file.
	Groups [2]int

	// Memory is how many bytes the run may hold; 0: half of the memory of the machine or
	// container. Copies is how many copies the caller will make of the rows that
	// [ReadAll] returns, these included; 0 means 1.
	Memory int64
	Copies int

	chunkRows int  // rows per chunk; 0: about 1 MiB of numbers. Set by tests.
	infinite  bool // accept infinite values, see Join
	mark      rune // decimal mark of a CSV that does not show which it has; 0: unknown
	one       *one // of [Files]; nil: read by itself
}

// Header says whether the first line of a CSV holds names.
type Header int

const (
	HeaderAuto Header = iota // detected in the first lines, see [Reader.Format]
	HeaderYes
	HeaderNo
)

// Missing says what happens to a row that misses a value in a column read as numbers.
type Missing int

const (
	MissingError Missing = iota // an error that counts such rows to the end of the file
	MissingDrop                 // the row is dropped, and counted by [Reader.Dropped]
	MissingKeep                 // the value is NaN, and [Reader.Dropped] counts the row
)

// Kind is what a column holds.
type Kind int

const (
	Number Kind = iota
	Text
	Other // dates, lists, objects: cannot be read or kept
)

// Column describes a column of a file.
type Column struct {
	Name string
	Kind Kind
	// Index says that the column holds row numbers or row names that pandas or R wrote
	// beside the table: a fit leaves it out unless it is named.
	Index   bool
	spans   bool   // of time: numbers that are kept as text
	note    string // what it holds, in words, if it is Other, or Text in a typed file
	remedy  string // what its writer can do about it, "" for "write it as numbers"
	decimal rune   // decimal mark of its numbers in a CSV, 0 if unknown
	words   bool   // of a CSV: see IsText
}

// Limits far beyond any real table.
const (
	maxColumns = 1 << 16
	maxRecord  = 4 << 20 // bytes of one row of a CSV
	maxText    = 4 << 20 // bytes of kept text in a chunk, roughly
)

// Chunk is some rows of a table. It is valid until the next call of [Reader.Next].
type Chunk struct {
	// Values holds the numbers, [rows, D], row-major; D is the number of columns read.
	Values []float64
	// Lines holds where each row is in the file: the line of a CSV, or the row of another
	// format, both from 1.
	Lines []int64
	// Numbers holds the number of each row, from 1, among all rows of the file, or of all
	// files that are read as one, those that were left out for a missing value included.
	Numbers []int64

	features, kept int
	text           []string // [rows, kept]
	missing        []gap    // missing values, in order
	textBytes      int
}

// gap is the place and the text of a missing value.
type gap struct {
	row, column int
	found       string
}

// Len returns the number of rows.
func (c *Chunk) Len() int { return len(c.Lines) }

// Row returns the numbers of row i, [D]; it shares memory with Values.
func (c *Chunk) Row(i int) []float64 {
	return c.Values[i*c.features : (i+1)*c.features : (i+1)*c.features]
}

// SplitLast returns a copy of the chunk without its last column of numbers, and that
// column, [rows].
func (c *Chunk) SplitLast() (rest *Chunk, last []float64) {
	of := *c
	of.features, of.Values = c.features-1, make([]float64, 0, len(c.Values)-c.Len())
	for i := range c.Len() {
		row := c.Row(i)
		of.Values, last = append(of.Values, row[:of.features]...), append(last, row[of.features])
	}
	return &of, last
}

// Map returns a copy of the chunk whose rows have the numbers, columns of them, that f makes
// of those before.
func (c *Chunk) Map(columns int, f func(row []float64) []float64) *Chunk {
	of := *c
	of.features, of.Values = columns, make([]float64, 0, columns*c.Len())
	for i := range c.Len() {
		of.Values = append(of.Values, f(c.Row(i))...)
	}
	return &of
}

// Matrix returns the numbers, [rows, D]; it shares memory with Values.
func (c *Chunk) Matrix() *mat.Dense { return mat.NewDense(c.Len(), c.features, c.Values) }

// Text returns the kept columns of row i as they are in the file, without quotes.
func (c *Chunk) Text(i int) []string { return c.text[i*c.kept : (i+1)*c.kept : (i+1)*c.kept] }

func (c *Chunk) reset() {
	c.Values, c.Lines, c.Numbers, c.text, c.missing, c.textBytes = c.Values[:0], c.Lines[:0], c.Numbers[:0], c.text[:0], c.missing[:0], 0
}

// move copies row from to row to, to <= from.
func (c *Chunk) move(to, from int) {
	if to != from {
		copy(c.Row(to), c.Row(from))
		copy(c.Text(to), c.Text(from))
		c.Lines[to], c.Numbers[to] = c.Lines[from], c.Numbers[from]
	}
}

// cut keeps the first n rows.
func (c *Chunk) cut(n int) {
	c.Values, c.Lines, c.text = c.Values[:n*c.features], c.Lines[:n], c.text[:n*c.kept]
	c.Numbers = c.Numbers[:min(n, len(c.Numbers))] // a source gives none
}

// source is a file of one format.
type source interface {
	// all returns the columns of the file, in order.
	all() []Column
	// begin chooses the columns, by index, to read as numbers and as text.
	begin(numbers, texts []int) error
	// fill appends at most n rows to c. An error, io.EOF included, is about what follows
	// the appended rows.
	fill(c *Chunk, n int) error
	// format says in words what the file is.
	format() string
	// unit is what Lines counts: "line" or "row".
	unit() string
	close() error
}

// guard turns a panic of a library that reads a broken file into an error.
func guard(err *error, format string) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("is not a sound %s file (%s): make it anew", format, show.Name(fmt.Sprint(p)))
	}
}
