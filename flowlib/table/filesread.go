package table

import (
	"errors"
	"io"
	"slices"
)

// Each reads all files, in their order, and hands out their rows a chunk at a time.
func (f *Files) Each(do func(c *Chunk) error) error {
	return f.each(func(r *Reader) error {
		for {
			c, err := r.Next()
			if err == io.EOF {
				return nil
			}
			if err == nil {
				err = do(c)
			}
			if err != nil {
				return err
			}
		}
	})
}

// each opens one file after another, whose rows read takes.
func (f *Files) each(read func(r *Reader) error) error {
	var seen int64
	f.dropped = 0
	var tally []int64
	for i := range f.all {
		r, err := f.Open(i, [2]int{})
		if err != nil {
			return err
		}
		err = read(r)
		if closed := r.Close(); err == nil {
			err = closed
		}
		if err != nil {
			return err
		}
		seen += r.seen
		f.dropped += r.dropped
		for j, n := range tally {
			r.tally[j] += n
		}
		tally = r.tally
		if i == len(f.all)-1 {
			return r.someLeft(seen, f.dropped, nil)
		}
	}
	return nil
}

// ReadAll reads all rows of all files, as the function of that name does those of one.
func (f *Files) ReadAll() (*Table, error) {
	var known int64
	for _, c := range f.all {
		known += max(0, c.rows)
	}
	t := &Table{Columns: f.Columns()}
	err := f.each(func(r *Reader) error {
		if len(t.Rows) == 0 { // before the first row
			if err := r.fits(known, "holds"); err != nil {
				return err
			}
		}
		return r.readTo(t)
	})
	if err != nil {
		return nil, err
	}
	t.Dropped, t.Format, t.Notes = f.dropped, f.Format(), f.Notes()
	return t, nil
}

// Count reads the files whose rows are not counted yet.
func (f *Files) Count() error {
	for i, c := range f.all {
		if c.rows >= 0 {
			continue
		}
		r, err := f.Open(i, [2]int{})
		if err != nil {
			return err
		}
		for err == nil {
			_, err = r.Next()
		}
		if closed := r.Close(); errors.Is(err, io.EOF) {
			err = closed
		}
		if err != nil {
			return err
		}
	}
	f.count()
	return nil
}

// count sets where files begin, as far as the numbers of rows before them are known.
func (f *Files) count() {
	for i, c := range f.all[1:] {
		if before := f.all[i]; before.start >= 0 && before.rows >= 0 {
			c.start = before.start + before.rows
		}
	}
}

// At returns which file, from 0, has the row with a number, see [Chunk]. That of the row
// must have been read.
func (f *Files) At(number int64) int {
	f.count()
	at := 0
	for i, c := range f.all {
		if c.start >= 0 && c.start < number {
			at = i
		}
	}
	return at
}

// Place returns the path of the file that At says, and what Lines counts there.
func (f *Files) Place(number int64) (path, unit string) {
	c := f.all[f.At(number)]
	return c.path, c.unit
}

// Format says in words how the files were understood, once they were read.
func (f *Files) Format() (text string) {
	var all []string
	for _, c := range f.all {
		if c.format != "" && !slices.Contains(all, c.format) {
			all = append(all, c.format)
		}
	}
	for i, format := range all {
		if i > 0 {
			text += "; "
		}
		text += format
	}
	return text
}

// Notes returns what was assumed about the files, and how to say otherwise.
func (f *Files) Notes() []Note { return slices.Clone(f.notes) }

// Dropped returns the number of rows with missing values, once all were read.
func (f *Files) Dropped() int64 { return f.dropped }
