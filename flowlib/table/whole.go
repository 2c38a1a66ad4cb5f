package table

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"normflow/internal/memory"
)

// Table is a whole table in memory.
type Table struct {
	Columns []string
	Rows    [][]float64 // [n, D]; blocks of them share memory
	Lines   []int64     // [n], see Chunk
	Numbers []int64     // [n], see Chunk; nil of [ReadAll]
	Kept    []Column
	Text    [][]string // [n, K], nil without Options.Keep
	Dropped int64      // rows with missing values
	Format  string
	Notes   []Note // see Reader.Notes
}

// ErrLarge is the cause where a table takes more memory than the run may hold.
var ErrLarge = errors.New("the table takes more memory than the run may hold")

// ReadAll reads the whole table at path. It refuses a table that takes more memory than
// Options.Memory before taking the memory: before the first row if the file says how many
// rows it has, otherwise as soon as the rows read so far show how large it will be.
func ReadAll(path string, o Options) (*Table, error) {
	r, err := Open(path, o)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return r.readAll()
}

// counted is a source whose file says how many rows it has.
type counted interface{ rows() int64 }

func (r *Reader) readAll() (*Table, error) {
	if counted, ok := r.src.(counted); ok {
		if err := r.fits(counted.rows(), "holds"); err != nil {
			return nil, err
		}
	}
	t := &Table{Columns: r.Columns(), Kept: r.Kept()}
	if err := r.readTo(t); err != nil {
		return nil, err
	}
	t.Dropped, t.Format, t.Notes = r.Dropped(), r.Format(), r.Notes()
	return t, nil
}

// readTo appends all rows to the table, which may hold those of other files.
func (r *Reader) readTo(t *Table) error {
	before := int64(len(t.Rows))
	var block []float64
	d, texts := len(t.Columns), int64(0)
	for {
		c, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		for i := range c.Len() {
			if cap(block)-len(block) < d {
				block = make([]float64, 0, max(d, min(1<<16, d+len(t.Rows)*d)))
			}
			from := len(block)
			block = append(block, c.Row(i)...)
			t.Rows = append(t.Rows, block[from:len(block):len(block)])
			if c.kept > 0 {
				t.Text = append(t.Text, slices.Clone(c.Text(i)))
			}
		}
		t.Lines = append(t.Lines, c.Lines...)
		if r.one != nil {
			t.Numbers = append(t.Numbers, c.Numbers...)
		}
		texts += int64(c.textBytes)
		if err := r.grows(before, int64(len(t.Rows)), texts); err != nil {
			return err
		}
	}
	return nil
}

// rowBytes returns what a row of a table in memory takes, with all that its reader makes
// of it.
func (r *Reader) rowBytes() int64 {
	const around = 32 // the slice header and the line number of a row
	return int64(r.copies) * (8*int64(len(r.named)) + around)
}

// fits returns an error if the rows take more than the run may hold.
func (r *Reader) fits(rows int64, holds string) error {
	if rows <= r.budget/r.rowBytes() {
		return nil
	}
	return InFile(r.table, &Error{
		Problem: fmt.Sprintf("%s %d rows of %d columns, which take about %s of memory here, and the run may hold %s",
			holds, rows, len(r.named), memory.Text(clamp(rows, r.rowBytes())), memory.Text(r.budget)),
		Err:      ErrLarge,
		Remedies: []Remedy{{Do: "read fewer rows or columns"}, letMore},
	})
}

// clamp returns the product of two positive numbers, or the largest number if it
// overflows.
func clamp(a, b int64) int64 {
	if product := a * b; product/b == a {
		return product
	}
	return 1<<63 - 1
}

// grows returns an error if what was read shows that the table will not fit; so many of
// its rows are those of files before.
func (r *Reader) grows(before, rows, texts int64) error {
	if err := r.fits(rows+texts/r.rowBytes(), "holds at least"); err != nil {
		return err
	}
	if rows < r.budget/r.rowBytes()/8 {
		return nil // too early to extrapolate: below an eighth of the limit
	}
	file, ok := r.in.at.(*os.File)
	if _, known := r.src.(counted); known || !ok { // the number of rows fits, and where the file is read says nothing
		return nil
	}
	read, err := file.Seek(0, io.SeekCurrent)
	if err != nil || read <= 0 {
		return nil
	}
	if guess := float64(before) + float64(rows-before)*float64(r.in.size)/float64(read); guess > 1.2*float64(r.budget/r.rowBytes()) {
		return r.fits(int64(guess), "holds about")
	}
	return nil
}
