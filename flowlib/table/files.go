package table

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"

	"normflow/internal/show"
)

// Files are the files of one table: they have columns of the same names, in any order, and
// the rows of each follow those of the file before. One file is open at a time. None may
// change as long as it is read.
type Files struct {
	all       []*one
	options   Options // by which each is opened
	columns   []string
	coders    []Coder
	described []Column // all columns of the first file
	notes     []Note
	dropped   int64
}

// one is one of some files.
type one struct {
	of     *Files
	path   string
	info   fs.FileInfo // as it was at first
	start  int64       // rows of the files before; -1 while it is unknown
	rows   int64       // -1 while it is unknown
	groups []int64     // rows of each row group; nil of a file that has none
	mark   rune        // decimal mark of this file or the text files before; 0: unknown
	format string      // once all was read
	unit   string
}

// OpenFiles looks into each of the files, which [Files.Open] then opens again and again, and
// checks that their columns have the same names. For a column that is not read alike says
// whether it must be in all files; nil: each must. Options.Keep has no meaning here.
func OpenFiles(paths []string, o Options, alike func(column string) bool) (*Files, error) {
	if alike == nil {
		alike = func(string) bool { return true }
	}
	f := &Files{options: o}
	f.options.Keep = nil
	for _, path := range paths {
		info, err := stat(path)
		if err != nil {
			return nil, err
		}
		f.all = append(f.all, &one{of: f, path: path, info: info, start: -1, rows: -1})
	}
	if err := f.apart(); err != nil {
		return nil, err
	}
	for i := range f.all {
		if err := f.look(i, alike); err != nil {
			return nil, err
		}
	}
	f.all[0].start = 0
	f.count()
	return f, nil
}

// stat describes a file that can be read again.
func stat(path string) (fs.FileInfo, error) {
	if path == "-" {
		return nil, &Error{Problem: "the standard input cannot be one of several files, nor be read twice: write it to a file"}
	}
	info, err := os.Stat(path)
	if err == nil && !info.IsDir() && !info.Mode().IsRegular() { // opening a named pipe would wait
		return nil, &Error{File: path, Problem: "is no plain file, expected one that can be read again"}
	}
	in, wrong := openInput(path) // which says what is wrong
	if wrong != nil {
		return nil, wrong
	}
	defer in.Close()
	if err != nil {
		return nil, InFile(path, err)
	}
	return info, nil
}

// apart refuses one file under two names.
func (f *Files) apart() error {
	type key struct {
		size int64
		time time.Time
	}
	alike := map[key][]*one{}
	for _, c := range f.all {
		at := key{c.info.Size(), c.info.ModTime()}
		for _, other := range alike[at] {
			if c.path == other.path {
				return &Error{File: c.path, Problem: "is named twice: name it once"}
			}
			if os.SameFile(c.info, other.info) {
				return &Error{File: c.path, Problem: fmt.Sprintf("is the same file as %s: name it once", show.Path(other.path))}
			}
		}
		alike[at] = append(alike[at], c)
	}
	return nil
}

// look opens a file for what its beginning says.
func (f *Files) look(i int, alike func(string) bool) error {
	c, o := f.all[i], f.options
	o.one = c
	if i > 0 {
		c.mark = f.all[i-1].mark
		o.Choose = func(all []Column) ([]string, error) { return f.columns, f.unlike(all, alike) }
	}
	o.mark = c.mark
	r, err := Open(c.path, o)
	if err != nil {
		return err
	}
	defer r.Close()
	if i == 0 {
		f.settle(r)
	}
	if err := f.typed(r); err != nil {
		return err
	}
	if s, isText := r.src.(*csvSource); isText && s.numbers.mark != 0 {
		c.mark = s.numbers.mark
	}
	if counted, ok := r.src.(counted); ok {
		c.rows = counted.rows()
	}
	c.groups, c.unit = groupsOf(r.src), r.src.unit()
	f.notes = append(f.notes, r.Notes()...)
	return nil
}

// settle takes the columns, and how they are read, from the first file.
func (f *Files) settle(r *Reader) {
	f.columns, f.described = r.Columns(), r.All()
	o := &f.options
	if s, isText := r.src.(*csvSource); !isText || s.header {
		o.Names = names(f.described)
	}
	if r.coded != nil {
		f.coders = r.coded.coders
	}
	o.Columns, o.Exclude = nil, nil
	o.Choose = func([]Column) ([]string, error) { return f.columns, nil }
	o.Coder = nil
	if f.coders != nil {
		o.Coder = func(place int, _ Column) Coder { return f.coders[place] }
	}
}

// Only returns the files with these columns, which the user can no longer choose, to be
// read as numbers.
func (f *Files) Only(columns []string) *Files {
	of := *f
	of.columns, of.coders, of.all = columns, nil, nil
	of.options.Coder, of.options.Settled = nil, true
	of.options.Choose = func([]Column) ([]string, error) { return columns, nil }
	for _, c := range f.all {
		one := *c
		one.of = &of
		of.all = append(of.all, &one)
	}
	return &of
}

// Len returns the number of files.
func (f *Files) Len() int { return len(f.all) }

// Path returns the path of a file.
func (f *Files) Path(i int) string { return f.all[i].path }

// Name names the table in messages: by its first file, and how many more there are.
func (f *Files) Name() string {
	if len(f.all) == 1 {
		return f.all[0].path
	}
	return fmt.Sprintf("%s and %d more", f.all[0].path, len(f.all)-1)
}

// Columns returns the names of the columns of a chunk's numbers.
func (f *Files) Columns() []string { return slices.Clone(f.columns) }

// Rows returns the number of rows of a file, -1 while it is unknown: text says it when all
// of it was read.
func (f *Files) Rows(i int) int64 { return f.all[i].rows }

// Groups returns the number of rows of each row group of a Parquet file, nil for a file of
// another format.
func (f *Files) Groups(i int) []int64 { return f.all[i].groups }

// Open opens a file, or some row groups of it, see [Options]. The numbers of its rows are
// known once the files before were read or say how many rows they have. The caller closes
// it.
func (f *Files) Open(i int, groups [2]int) (*Reader, error) {
	f.count()
	c, o := f.all[i], f.options
	if err := c.unchanged(); err != nil {
		return nil, err
	}
	if c.start < 0 {
		return nil, &Error{File: c.path, Problem: "is read before the files whose rows come first were counted"}
	}
	o.Groups, o.one, o.mark = groups, c, c.mark
	return Open(c.path, o)
}

// unchanged returns an error if the file is not what it was.
func (c *one) unchanged() error {
	info, err := os.Stat(c.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &Error{File: c.path, Problem: "was removed while it was read: keep it as it is, and begin again", Err: err}
	case err != nil:
		return InFile(c.path, err)
	case info.Size() != c.info.Size() || !info.ModTime().Equal(c.info.ModTime()):
		return &Error{File: c.path, Problem: "was changed while it was read: keep it as it is, and begin again"}
	}
	return nil
}

// ended notes what is known at the end of the file, and returns io.EOF if it is what it was.
func (c *one) ended(r *Reader) error {
	if err := c.unchanged(); err != nil {
		return err
	}
	c.format = r.Format()
	if r.first == c.start && c.groups == nil {
		c.rows = r.seen
	}
	return io.EOF
}
