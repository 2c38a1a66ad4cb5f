package table

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"normflow/internal/show"
	"normflow/internal/whole"
)

// RowGroups returns the number of rows of each row group of a Parquet file, nil for a file
// of another format.
func RowGroups(path string) ([]int64, error) {
	in, err := openInput(path)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	head := make([]byte, len(magicParquet))
	if in.at == nil {
		return nil, nil
	}
	if n, _ := in.at.ReadAt(head, 0); n < len(head) || string(head) != magicParquet { // whoever reads it says what is wrong
		return nil, nil
	}
	src, err := newParquet(in, Options{})
	if err != nil {
		return nil, InFile(in.name, err)
	}
	return groupsOf(src), nil
}

// groupsOf returns the numbers of rows of the row groups of a source, nil if it has none.
func groupsOf(src source) []int64 {
	p, isParquet := src.(*parquetSource)
	if !isParquet {
		return nil
	}
	rows := make([]int64, len(p.meta.RowGroups))
	for i := range rows {
		rows[i] = p.meta.RowGroups[i].NumRows
	}
	return rows
}

// Join writes the rows of the parts, tables that a [Writer] has written, one after another
// to the table out. They have the same columns and a format that out has too; text may be
// packed otherwise. Header says whether text has names in its first line. Nothing is at
// out unless all is well.
func Join(out string, parts []string, header bool) error {
	if len(parts) == 0 {
		return errors.New("there is no table to join")
	}
	first, err := formatOf(parts[0])
	if err != nil {
		return fmt.Errorf("%s: cannot be read: %w", show.Path(parts[0]), err)
	}
	format := outFormat{kind: "csv", tabs: first.tabs}
	if !IsStdout(out) {
		if format, err = formatOf(out); err != nil {
			return fmt.Errorf("%s: cannot be written: %w", show.Path(out), err)
		}
	}
	if format.kind != first.kind || format.tabs != first.tabs {
		return fmt.Errorf("%s: cannot be joined from parts such as %s: give it their ending", show.Path(out), show.Path(parts[0]))
	}
	if format.kind == "csv" {
		err = joinText(out, parts, header, format)
	} else {
		err = joinRows(out, parts)
	}
	return err
}

// joinText joins lines as they are.
func joinText(out string, parts []string, header bool, format outFormat) error {
	unwritten := func(err error) error { return fmt.Errorf("%s: cannot be written: %w", show.Path(out), err) }
	var file io.Writer = os.Stdout
	var pending *whole.File
	if !IsStdout(out) {
		var err error
		if pending, err = whole.Create(out); err != nil {
			return unwritten(err)
		}
		defer pending.Abort()
		file = pending
	}
	to := bufio.NewWriterSize(file, 1<<16)
	var w io.Writer = to
	var packing io.WriteCloser
	if format.pack != nil {
		var err error
		if packing, err = format.pack(to); err != nil {
			return unwritten(err)
		}
		w = packing
	}
	var names []byte
	for i, part := range parts {
		found, err := copyLines(w, part, header, i == 0)
		if full := to.Flush(); full != nil {
			return unwritten(full)
		}
		if err != nil {
			return err
		}
		if i == 0 {
			names = found
		} else if !bytes.Equal(names, found) {
			return fmt.Errorf("%s: begins with %s, expected %s as in %s", show.Path(part), show.Quoted(string(found)), show.Quoted(string(names)), show.Path(parts[0]))
		}
	}
	if packing != nil {
		if err := packing.Close(); err != nil {
			return unwritten(err)
		}
	}
	err := to.Flush()
	if err == nil && pending != nil {
		err = pending.Commit()
	}
	if err != nil {
		return unwritten(err)
	}
	return nil
}

// copyLines copies a text file and returns its header, which is copied too if it is first.
func copyLines(w io.Writer, part string, header, isFirst bool) (names []byte, err error) {
	in, err := openInput(part)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	r := bufio.NewReaderSize(in.stream, 1<<16)
	head, err := r.Peek(8)
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("%s: cannot be read: %w", show.Path(part), err)
	}
	if how := packed(head); how != nil {
		if r, err = how.unpack(r); err != nil {
			return nil, InFile(part, err)
		}
	}
	if header {
		if names, err = firstRecord(r); err != nil {
			return nil, fmt.Errorf("%s: its header cannot be read: %w", show.Path(part), err)
		}
		if isFirst {
			if _, err := w.Write(names); err != nil {
				return nil, err
			}
		}
	}
	// Without w's ReadFrom, which would take what is wrong with r for its own.
	if _, err = io.Copy(struct{ io.Writer }{w}, r); err != nil {
		return nil, InFile(part, err)
	}
	return names, nil
}

// firstRecord reads the first line, and those that a quoted name goes over.
func firstRecord(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for quotes := 0; ; {
		more, err := r.ReadBytes('\n')
		line = append(line, more...)
		quotes += bytes.Count(more, []byte{'"'})
		if err != nil || quotes%2 == 0 {
			return line, err
		}
	}
}

// joinRows reads and writes rows.
func joinRows(out string, parts []string) error {
	var w *Writer
	for _, part := range parts {
		r, err := Open(part, Options{Choose: firstNumber, Settled: true, Keep: []string{"*"}, Missing: MissingKeep, infinite: true})
		if err != nil {
			return err
		}
		if w == nil {
			if w, err = Create(out, r.Kept(), nil, Dialect{}); err == nil {
				defer w.Abort()
			}
		}
		if err == nil {
			err = copyRows(w, r, parts[0])
		}
		r.Close() //nolint:errcheck // it was read, not written
		if err != nil {
			return err
		}
	}
	return w.Commit()
}

// copyRows writes all rows of r, whose columns are those of the first part.
func copyRows(w *Writer, r *Reader, first string) error {
	same := func(a, b Column) bool { return a.Name == b.Name && a.Kind == b.Kind }
	if kept := r.Kept(); !slices.EqualFunc(kept, w.kept, same) {
		return fmt.Errorf("%s: has the columns %s, expected %s as in %s", show.Path(r.name), shorten(names(kept)), shorten(names(w.kept)), show.Path(first))
	}
	for {
		c, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		for i := range c.Len() {
			if err := w.Write(c.Text(i), nil); err != nil {
				return err
			}
		}
	}
}

// firstNumber chooses one column to be read as numbers, which a [Reader] needs.
func firstNumber(all []Column) ([]string, error) {
	for _, c := range all {
		if c.Kind == Number {
			return []string{c.Name}, nil
		}
	}
	return nil, errors.New("holds no column of numbers")
}
