package stream

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"time"

	"normflow/flowlib/table"
	"normflow/internal/show"
)

// Config says what to read over and over.
type Config struct {
	Path    string // a file that can be read again
	Options table.Options
	// Keep says which rows to give, by their lines and their values, which it must not
	// change; nil: all.
	Keep  func(line int64, row []float64) bool
	Count int   // of those rows, about
	Want  int   // how many rows will be taken, about; 0: many
	Seed  int64 // of the order
	Held  int   // rows held to be shuffled, at least 1
}

// Rows gives the rows of a table over and over, shuffled: the row groups of a Parquet file
// come in random order, and each row that is given is drawn from those that are held, whose
// place the next one that is read then takes. A seed determines the order.
//
// Files are often sorted, and what is held would then be alike. So a pass gives only one
// row in so many, from everywhere in the file, that what is held comes from all of it, or
// from 16 places; as many passes give each row once.
type Rows struct {
	Config
	runs    [][2]int // of row groups, see [table.Options]; one of zeros for other files
	classes int      // of rows, one for each pass
	counts  []int    // rows of each class, nil until they are counted
	drops   bool     // rows that miss a value
	size    int64    // of the file, which must not change
	time    time.Time
	width   int
	pass    int
	given   int // rows of this pass

	rng    *rand.Rand
	order  []int // runs that are still to be read
	reader *table.Reader
	chunk  *table.Chunk
	at     int       // next row of the chunk
	read   bool      // all of this pass
	held   []float64 // [n, D]
}

// Open begins the first pass.
func Open(c Config) (*Rows, error) {
	info, err := os.Stat(c.Path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: is no plain file, expected one that can be read again", show.Path(c.Path))
	}
	// A run may have only rows that miss a value, which is an error where they are dropped.
	drops := c.Options.Missing == table.MissingDrop
	if drops {
		c.Options.Missing = table.MissingKeep
	}
	r := &Rows{Config: c, drops: drops, size: info.Size(), time: info.ModTime()}
	groups, err := table.RowGroups(c.Path)
	if err != nil {
		return nil, err
	}
	var largest float64
	r.runs, largest = runs(groups, int64(c.Held/places))
	r.classes = max(1, int(math.Ceil(largest*float64(c.Count)*float64(min(places, len(r.runs)))/float64(c.Held))))
	if c.Want > 0 {
		r.classes = max(r.classes, c.Count/c.Want)
	}
	r.begin(0)
	return r, nil
}

// places is from how many places in the file the rows that are held are at least.
const places = 16

// runs divides row groups, of so many rows each, into runs of at least that many rows, so
// that not too much is spent on opening them. It returns the share of rows of the largest.
func runs(groups []int64, least int64) (all [][2]int, largest float64) {
	first, rows, sum, most := 0, int64(0), int64(0), int64(0)
	for i, n := range groups {
		if rows += n; rows > 0 && (rows >= least || i == len(groups)-1) {
			all = append(all, [2]int{first, i + 1})
			most = max(most, rows)
			first, sum, rows = i+1, sum+rows, 0
		}
	}
	if all == nil {
		return [][2]int{{}}, 1
	}
	return all, float64(most) / float64(sum)
}

// begin begins a pass. All of the one before has been read, or nothing is needed of it.
func (r *Rows) begin(pass int) {
	r.Close()
	r.pass, r.given, r.read, r.held = pass, 0, false, r.held[:0]
	r.rng = rand.New(rand.NewPCG(uint64(r.Seed), uint64(pass)))
	r.order = r.rng.Perm(len(r.runs))
}

// Passes returns how many passes give each row once.
func (r *Rows) Passes() int { return r.classes }

// Pass returns the number of the pass, from 0.
func (r *Rows) Pass() int { return r.pass }

// Close closes the file.
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
		for !r.read && (r.width == 0 || len(r.held) < r.Held*r.width) {
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
			return fmt.Errorf("%s: holds no row to train on", show.Path(r.Path))
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

// Skip passes over n rows, after a pass over the file that counts those of each pass.
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
		row, line, err := of.any()
		if err != nil {
			return err
		}
		if row == nil {
			break
		}
		of.counts[of.class(line)]++
		sum++
	}
	if sum == 0 {
		return fmt.Errorf("%s: holds no row to train on", show.Path(r.Path))
	}
	r.counts, r.width = of.counts, of.width
	return nil
}

// class is the pass, of those that give each row once, that gives the row at a line.
func (r *Rows) class(line int64) int {
	const seed = 0x6c617373 // so that it has nothing to do with the other uses of a place
	return int(Place(line, r.Seed+seed) * float64(r.classes))
}

// fetch returns the next row of the pass that is to be given, which is valid until the next
// call; nil after the last.
func (r *Rows) fetch() ([]float64, error) {
	for {
		row, line, err := r.any()
		if row == nil || r.class(line) == r.pass%r.classes {
			return row, err
		}
	}
}

// any returns the next row of the file that is to be given in some pass.
func (r *Rows) any() (row []float64, line int64, err error) {
	for !r.read {
		if r.chunk == nil || r.at == r.chunk.Len() {
			if err := r.more(); err != nil {
				return nil, 0, err
			}
			continue
		}
		line, row := r.chunk.Lines[r.at], r.chunk.Row(r.at)
		r.at++
		if r.drops && slices.ContainsFunc(row, math.IsNaN) || r.Keep != nil && !r.Keep(line, row) {
			continue
		}
		return row, line, nil
	}
	return nil, 0, nil
}

// more reads the next chunk, or opens the next run, or ends the pass.
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
	if len(r.order) == 0 {
		r.read = true
		return nil
	}
	if info, err := os.Stat(r.Path); err != nil || info.Size() != r.size || !info.ModTime().Equal(r.time) {
		return fmt.Errorf("%s: was changed while it was read: keep it as it is, and begin again", show.Path(r.Path))
	}
	o := r.Options
	o.Groups = r.runs[r.order[0]]
	r.order = r.order[1:]
	var err error
	if r.reader, err = table.Open(r.Path, o); err != nil {
		return err
	}
	r.width = len(r.reader.Columns())
	return nil
}
