package stream

import (
	"fmt"
	"io"
	"math/rand/v2"

	"normflow/flowlib/table"
	"normflow/internal/show"
)

// Config says what to read over and over.
type Config struct {
	Files *table.Files
	// Keep says which rows to give, by their numbers and their values, which it must not
	// change; nil: all.
	Keep  func(number int64, row []float64) bool
	Count int   // of those rows, about
	Want  int   // how many rows will be taken, about; 0: many
	Seed  int64 // of the order
	Held  int   // rows held to be shuffled, at least 1
}

// Rows gives the rows of a table over and over, shuffled: the row groups of Parquet files
// come in random order, and each row that is given is drawn from those that are held, whose
// place the next one that is read then takes. A seed determines the order.
//
// Files are often sorted, and what is held would then be alike. So a pass gives only one
// row in so many, from everywhere in the table, that what is held comes from all of it, or
// from 16 places; as many passes give each row once.
//
// The order is the same whatever files the rows are in, as long as these are all text, or
// row groups of Parquet stay whole, or all rows are held.
type Rows struct {
	Config
	runs    [][]segment
	classes int   // of rows, one for each pass
	counts  []int // rows of each class, nil until they are counted
	width   int
	pass    int
	given   int // rows of this pass

	rng    *rand.Rand
	order  []int     // runs that are still to be read
	rest   []segment // of the run that is being read
	reader *table.Reader
	chunk  *table.Chunk
	at     int       // next row of the chunk
	read   bool      // all of this pass
	held   []float64 // [n, D]
}

// Open begins the first pass.
func Open(c Config) (*Rows, error) {
	r := &Rows{Config: c, width: len(c.Files.Columns())}
	var err error
	if r.runs, r.classes, err = c.divide(); err != nil {
		return nil, err
	}
	if c.Want > 0 {
		r.classes = max(r.classes, c.Count/c.Want)
	}
	r.begin(0)
	return r, nil
}

// begin begins a pass. All of the one before has been read, or nothing is needed of it.
func (r *Rows) begin(pass int) {
	r.Close()
	r.pass, r.given, r.read, r.held, r.rest = pass, 0, false, r.held[:0], nil
	r.rng = rand.New(rand.NewPCG(uint64(r.Seed), uint64(pass)))
	r.order = r.rng.Perm(len(r.runs))
}

// Passes returns how many passes give each row once.
func (r *Rows) Passes() int { return r.classes }

// Pass returns the number of the pass, from 0.
func (r *Rows) Pass() int { return r.pass }

// Close closes the file that is open.
func (r *Rows) Close() error {
	if r.reader == nil {
		return nil
	}
	err := r.reader.Close()
	r.reader, r.chunk = nil, nil
	return err
}

// Next copies the next row to dst, [D].
func (r *Rows) Next(dst []float64) error {
	for empty := 0; ; empty++ {
		for !r.read && len(r.held) < r.Held*r.width {
			row, err := r.fetch()
			if err != nil {
				return err
			}
			r.held = append(r.held, row...)
		}
		if len(r.held) > 0 {
			break
		}
		if r.given > 0 {
			empty = 0
		}
		if empty == r.classes {
			return r.noRow()
		}
		r.begin(r.pass + 1)
	}
	n, w := len(r.held)/r.width, r.width
	i := r.rng.IntN(n) * w
	copy(dst, r.held[i:i+w])
	r.given++
	row, err := r.fetch()
	if err != nil {
		return err
	}
	if row == nil { // the last takes the place
		copy(r.held[i:i+w], r.held[(n-1)*w:])
		r.held = r.held[:(n-1)*w]
	} else {
		copy(r.held[i:i+w], row)
	}
	return nil
}

func (r *Rows) noRow() error {
	return fmt.Errorf("%s: holds no row to train on", show.Path(r.Files.Name()))
}

// Skip passes over n rows, after a pass over the files that counts those of each pass.
func (r *Rows) Skip(n int) error {
	if err := r.count(); err != nil {
		return err
	}
	for n > 0 {
		if left := r.counts[r.pass%r.classes] - r.given; n >= left {
			n -= left
			r.begin(r.pass + 1)
			continue
		}
		if err := r.Next(make([]float64, r.width)); err != nil {
			return err
		}
		n--
	}
	return nil
}

// count counts the rows of each class.
func (r *Rows) count() error {
	if r.counts != nil {
		return nil
	}
	of := *r
	of.reader, of.held = nil, nil
	of.begin(0)
	defer of.Close()
	of.counts = make([]int, r.classes)
	sum := 0
	for {
		row, number, err := of.any()
		if err != nil {
			return err
		}
		if row == nil {
			break
		}
		of.counts[of.class(number)]++
		sum++
	}
	if sum == 0 {
		return r.noRow()
	}
	r.counts = of.counts
	return nil
}

// class is the pass, of those that give each row once, that gives the row with a number.
func (r *Rows) class(number int64) int {
	const seed = 0x6c617373 // so that it has nothing to do with the other uses of a place
	return int(Place(number, r.Seed+seed) * float64(r.classes))
}

// fetch returns the next row of the pass that is to be given, which is valid until the next
// call; nil after the last.
func (r *Rows) fetch() ([]float64, error) {
	for {
		row, number, err := r.any()
		if row == nil || r.class(number) == r.pass%r.classes {
			return row, err
		}
	}
}

// any returns the next row of the table that is to be given in some pass.
func (r *Rows) any() (row []float64, number int64, err error) {
	for !r.read {
		if r.chunk == nil || r.at == r.chunk.Len() {
			if err := r.more(); err != nil {
				return nil, 0, err
			}
			continue
		}
		number, row := r.chunk.Numbers[r.at], r.chunk.Row(r.at)
		r.at++
		if r.Keep == nil || r.Keep(number, row) {
			return row, number, nil
		}
	}
	return nil, 0, nil
}

// more reads the next chunk, or opens the next segment, or ends the pass.
func (r *Rows) more() error {
	if r.reader != nil {
		c, err := r.reader.Next()
		if err == nil {
			r.chunk, r.at = c, 0
			return nil
		}
		if err != io.EOF {
			return err
		}
		if err := r.Close(); err != nil {
			return err
		}
	}
	if len(r.rest) == 0 {
		if len(r.order) == 0 {
			r.read = true
			return nil
		}
		r.rest, r.order = r.runs[r.order[0]], r.order[1:]
	}
	s := r.rest[0]
	r.rest = r.rest[1:]
	var err error
	r.reader, err = r.Files.Open(s.file, s.groups)
	return err
}
