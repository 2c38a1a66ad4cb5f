package imagefit

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"

	"normflow/flowlib/imageset"
	"normflow/flowlib/table"
	"normflow/internal/show"
)

// Label gives pictures the classes that a table has in its only column, a row for each
// picture in their order.
func Label(s *imageset.Set, file string) error {
	if s.Labels != nil {
		return fmt.Errorf("%s: the pictures have classes already, the folders that they lie in", show.Path(file))
	}
	classes, header, err := readClasses(file)
	if err != nil {
		return err
	}
	if len(classes) != s.Len() {
		below := ""
		if header != "" {
			below = fmt.Sprintf(" below %[1]s (if %[1]s is a class, put a name above it)", show.Quoted(header))
		}
		return fmt.Errorf("%s: the table has %d rows%s, expected a class for each of %d pictures; blank lines do not count", show.Path(file), len(classes), below, s.Len())
	}
	for i, name := range classes {
		if x, err := strconv.ParseFloat(name, 64); name == "" || err == nil && math.IsNaN(x) {
			return fmt.Errorf("%s: row %d of %d: found %s, expected the class of a picture", show.Path(file), i+1, len(classes), show.Quoted(name))
		}
	}
	s.Classes = slices.Compact(slices.SortedFunc(slices.Values(classes), byNumber))
	if n := len(s.Classes); n < 2 || n > imageset.MaxClasses {
		return fmt.Errorf("%s: the table has %d classes, expected 2 to %d", show.Path(file), n, imageset.MaxClasses)
	}
	for _, name := range classes {
		class, _ := slices.BinarySearchFunc(s.Classes, name, byNumber)
		s.Labels = append(s.Labels, class)
	}
	return nil
}

// readClasses reads the only column of a table, and its header, if it has one: of a CSV the
// first line, if it is no class of the others and does not look like one.
func readClasses(file string) (classes []string, header string, err error) {
	all, _, err := readColumn(file, table.HeaderNo)
	if err != nil {
		return nil, "", err
	}
	rest, header, err := readColumn(file, table.HeaderAuto)
	if err == nil && len(rest) == len(all)-1 && !slices.Contains(rest, header) {
		return rest, header, nil
	}
	return all, "", err
}

func readColumn(file string, header table.Header) (texts []string, name string, err error) {
	read := func(text string) float64 {
		texts = append(texts, text)
		return 0
	}
	t, err := table.ReadAll(file, table.Options{Header: header, Settled: true, Coder: func(int, table.Column) table.Coder { return read }})
	if err != nil {
		return nil, "", err
	}
	if len(t.Columns) != 1 {
		return nil, "", fmt.Errorf("%s: the table has %d columns, expected one, the class of each picture", show.Path(file), len(t.Columns))
	}
	return texts, t.Columns[0], nil
}

// byNumber orders texts that are numbers by these, before others.
func byNumber(a, b string) int {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	switch {
	case errX != nil && errY == nil:
		return 1
	case errX == nil && errY != nil:
		return -1
	}
	return cmp.Or(cmp.Compare(x, y), cmp.Compare(a, b))
}
