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
	// Columns are the numbers to read, in this order, each by name or by its
	// number from 1; a name that is itself a number goes first. None: all the
	// file's columns but those of Exclude.
	Columns []string
	// Exclude names columns to leave out when Columns is empty, such as labels.
	Exclude []string
	// Choose, if not nil, is given the file's columns and names the numbers to
	// read, in place of Columns and Exclude; its error ends Open.
	Choose func(all []Column) ([]string, error)
	// Settled says that the user of the program has no choice of columns, as where
	// they are a model's: then no message advises to leave one out.
	Settled bool
	// Names are those that the columns have if they have names, as a model knows them: the
	// first line of a CSV that holds all of them is its header, be they numbers too.
	Names []string
	// Keep names columns to carry along as text; "*" is all of them.
	Keep []string

	Header    Header
	Delimiter rune    // of a CSV, or [Blanks]; 0: found out from the first lines
	Decimal   rune    // the decimal mark of a CSV, '.' or ','; 0: found out, see [Reader.Notes]
	Comment   rune    // lines of a CSV that begin with it are left out; 0: those at its top that begin with #
	Missing   Missing // what to do with a row that misses a value
	// NA holds marks that stand for a missing value in a CSV, beside those that always do.
	NA []string
	// Array names one array of an NPZ. None: all of them, side by side, if
	// they have the same number of rows.
	Array string

	// Memory is how many bytes the run may hold; 0: half of what the machine or the
	// container has. Copies is how many times over the caller will hold the rows that
	// [ReadAll] returns; 0: once.
	Memory int64
	Copies int

	chunkRows int // rows in a chunk; 0: about 1 MiB of numbers. Set by tests.
}

// Header says whether the first line of a CSV holds names.
type Header int

const (
	HeaderAuto Header = iota // found out from the first two lines, see [Reader.Format]
	HeaderYes
	HeaderNo
)

// Missing says what becomes of a row that misses a value in one of the columns
// read as numbers.
type Missing int

const (
	MissingError Missing = iota // an error that counts such rows to the end of the file
	MissingDrop                 // the row is left out, and counted by [Reader.Dropped]
	MissingKeep                 // the value is NaN, and rows counted by [Reader.Dropped] too
)

// Kind is what a column holds.
type Kind int

const (
	Number Kind = iota
	Text
	Other // dates, lists, objects: can neither be read nor kept
)

// Column is a column of a file.
type Column struct {
	Name string
	Kind Kind
	// Index says that the column holds the rows' numbers or names, as pandas or R
	// writes them beside a table: a fit leaves it out unless it is named.
	Index   bool
	note    string // of Other and of Text in a typed file: what it is, in words
	remedy  string // what its writer can do about it, "" for "write it as numbers"
	decimal rune   // the decimal mark of its numbers in a CSV, 0: not known
}

// Limits that no table a person has comes near.
const (
	maxColumns = 1 << 16
	maxRecord  = 4 << 20 // bytes of one row of a CSV
	maxText    = 4 << 20 // bytes of kept text in a chunk, roughly
)

// Chunk is some rows of a table. It is valid until the next call of
// [Reader.Next].
type Chunk struct {
	// Values holds the numbers, [rows, D], row-major, D the columns read.
	Values []float64
	// Lines says where each row stands in the file: the line of a CSV, the row
	// of another format, both from 1.
	Lines []int64

	features, kept int
	text           []string // [rows, kept]
	missing        []gap    // missing values, in order
	textBytes      int
}

// gap is a missing value: where, and what stood there.
type gap struct {
	row, column int
	found       string
}

// Len is the number of rows.
func (c *Chunk) Len() int { return len(c.Lines) }

// Row returns the numbers of row i, [D]; it shares memory with Values.
func (c *Chunk) Row(i int) []float64 {
	return c.Values[i*c.features : (i+1)*c.features : (i+1)*c.features]
}

// Matrix returns the numbers, [rows, D]; it shares memory with Values.
func (c *Chunk) Matrix() *mat.Dense { return mat.NewDense(c.Len(), c.features, c.Values) }

// Text returns the kept columns of row i as the file has them, without quotes.
func (c *Chunk) Text(i int) []string { return c.text[i*c.kept : (i+1)*c.kept : (i+1)*c.kept] }

func (c *Chunk) reset() {
	c.Values, c.Lines, c.text, c.missing, c.textBytes = c.Values[:0], c.Lines[:0], c.text[:0], c.missing[:0], 0
}

// move copies row from to row to, to <= from.
func (c *Chunk) move(to, from int) {
	if to != from {
		copy(c.Row(to), c.Row(from))
		copy(c.Text(to), c.Text(from))
		c.Lines[to] = c.Lines[from]
	}
}

// cut keeps the first n rows.
func (c *Chunk) cut(n int) {
	c.Values, c.Lines, c.text = c.Values[:n*c.features], c.Lines[:n], c.text[:n*c.kept]
}

// source is a file of one format.
type source interface {
	// all lists the columns of the file, in order.
	all() []Column
	// begin chooses the columns, by index, to be read as numbers and as text.
	begin(numbers, texts []int) error
	// fill appends at most n rows to c. An error, io.EOF among them, tells what
	// comes after the rows that it appended.
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
