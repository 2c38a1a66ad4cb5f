package table

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"normflow/internal/show"
)

// Most lines examined before the first row is returned, and roughly the bytes of their
// fields.
const (
	headLines = 200
	headBytes = 1 << 20
)

// naming says what the first line of a CSV is.
type naming int

const (
	row      naming = iota // numbers: a row like those below
	titles                 // names
	likely                 // numbers that are names nevertheless, such as years
	question               // numbers that may be either
)

// isHeader decides, given the lines below, whether the first line holds names. It does if
// a text stands above a number, or if none of its fields is a number or missing, except
// that of row names, which have no title. Otherwise [numbersAsNames] decides.
func isHeader(first []string, below [][]string) naming {
	allText := true
	for i, name := range first {
		number := isNumber(name)
		if number || isBlank(name) && !(i == 0 && strings.TrimSpace(name) == "") { // pandas gives the index no name
			allText = false
		}
		if len(below) > 0 && i < len(below[0]) && !number && !isBlank(name) && isNumber(below[0][i]) {
			return titles
		}
	}
	if allText {
		return titles
	}
	return numbersAsNames(first, below)
}

// holdsAll reports whether the first line contains all of these names, if there are any.
func holdsAll(first, names []string) bool {
	found := map[string]bool{}
	for _, field := range first {
		found[strings.TrimSpace(field)] = true
	}
	return len(names) > 0 && !slices.ContainsFunc(names, func(name string) bool { return !found[name] })
}

// numbersAsNames decides about a first line of numbers, except for texts above texts.
// They can be names only if they ascend or descend by equal steps, as the years 1990,
// 1991, … or pandas' 0, 1, 2, … do (eight or more columns may have any steps, as
// wavelengths do), and the lines below do not. A line that continues like those below is
// data. The numbers are names
//
//   - if the first column, which is full below, has no name: it is an index;
//   - of years and of 0, 1, 2, …, if half of the columns below are unlike them: no year in
//     them, decimals below a whole number, or all numbers on one side of it;
//   - of 0, 1, 2, …, if there are six or more, which no row is by chance, or if the line
//     below has a decimal;
//   - of six or more others, if nine in ten columns are unlike them.
//
// Other years, and 0, 1, 2, … or three or more of 1, 2, 3, …, may be either. So may other
// numbers above ten lines or more that are all unlike them: different numbers with fewer
// decimals than any number in the columns below (whole ones, or three or more in order, such
// as the quantiles 0.05, 0.5 and 0.95), and three or more in equal steps.
func numbersAsNames(first []string, below [][]string) naming {
	start := 0
	for start < len(first) && strings.TrimSpace(first[start]) == "" {
		start++
	}
	index := start > 0 && len(below) > 1
	var at []int
	var values []float64
	for i, name := range first {
		switch v, err := parseEither(name); {
		case i < start:
			for _, line := range below {
				index = index && i < len(line) && !isBlank(line[i])
			}
		case err == nil && !math.IsInf(v, 0):
			at, values = append(at, i), append(values, v)
		case isBlank(name) || isNumber(name):
			return row
		}
	}
	steps, straight := pace(values)
	if len(below) == 0 || start > 0 && !index || len(values) < 2 && !index {
		return row
	}
	if !steps {
		return orQuestion(first, at, values, below)
	}
	whole, years := true, len(values) > 1 || index
	for i, v := range values {
		_, err := strconv.ParseUint(strings.TrimSpace(first[at[i]]), 10, 32)
		whole = whole && err == nil
		years = years && isYear(v)
	}
	years = years && whole && straight
	counts := whole && straight && (values[0] == 0 || values[0] == 1) && (len(values) == 1 || values[1] == values[0]+1)
	if !straight && len(values) < 8 || !(years || counts) && len(values) < 3 {
		return orQuestion(first, at, values, below)
	}
	alike, unlike, decimals := 0, 0, false
	for _, line := range below {
		v := take(line, at)
		s, t := pace(v)
		if s && len(v) > 1 && (!straight || t && math.Abs(v[1]-v[0]-(values[1]-values[0])) <= 1e-9*math.Abs(v[1])) {
			alike++
		}
	}
	for i, v := range values {
		if isUnlike(v, years, column(below, at[i])) {
			unlike++
		}
		decimals = decimals || whole && isUnlike(v, false, column(below[:1], at[i]))
	}
	from0 := counts && values[0] == 0
	switch {
	case index:
		return likely
	case 2*alike >= len(below):
		return row
	case years && 2*unlike >= len(values), from0 && (decimals || 2*unlike >= len(values) || len(values) > 5),
		len(values) > 5 && 10*unlike >= 9*len(values):
		return likely
	case years || from0 || counts && len(values) > 2, straight && len(values) > 2 && len(below) >= manyLines && unlike == len(values):
		return question
	}
	return orQuestion(first, at, values, below)
}

// manyLines is how many lines below must all be unlike the first to make it a question.
const manyLines = 10

// orQuestion returns question if the values, at these places of the first line, are
// different, whole or three or more in order, and have fewer decimals than every number
// below them, else row.
func orQuestion(first []string, at []int, values []float64, below [][]string) naming {
	if len(below) < manyLines {
		return row
	}
	steps, _ := pace(values)
	for k, v := range values {
		_, err := strconv.ParseInt(strings.TrimSpace(first[at[k]]), 10, 64)
		whole := err == nil
		numbers := 0
		for _, s := range column(below, at[k]) {
			if !isNumber(s) {
				continue
			}
			if numbers++; numDecimals(s) <= numDecimals(first[at[k]]) {
				return row
			}
		}
		if !whole && (!steps || len(values) < 3) || numbers < manyLines || slices.Index(values, v) != k {
			return row
		}
	}
	return question
}

// numDecimals returns how many decimals a number is written with; an exponent counts as many.
func numDecimals(s string) int {
	s = strings.TrimSpace(s)
	switch i := strings.LastIndexAny(s, ".,"); {
	case strings.ContainsAny(s, "eE"):
		return len(s)
	case i >= 0:
		return len(s) - 1 - i
	}
	return 0
}

// pace reports whether the numbers ascend or descend strictly, and by equal steps.
func pace(v []float64) (steps, straight bool) {
	if len(v) == 0 {
		return false, false
	}
	steps, straight = true, true
	for i := 1; i < len(v); i++ {
		steps = steps && v[i] != v[i-1] && (v[i] > v[i-1]) == (v[1] > v[0])
		straight = straight && math.Abs(v[i]-v[i-1]-(v[1]-v[0])) <= 1e-9*math.Abs(v[1]-v[0])
	}
	return steps, steps && straight
}

func isYear(v float64) bool { return v >= 1800 && v <= 2100 && v == math.Trunc(v) }

// isUnlike reports whether a number differs in kind from those in the column below.
func isUnlike(v float64, year bool, below []string) bool {
	numbers, years, decimals, higher, lower := 0, 0, 0, 0, 0
	for _, s := range below {
		x, err := parseEither(s)
		if err != nil {
			continue
		}
		numbers++
		if isYear(x) {
			years++
		}
		if strings.ContainsAny(s, ".,eE") {
			decimals++
		}
		if x > v {
			higher++
		}
		if x < v {
			lower++
		}
	}
	switch {
	case numbers == 0:
		return false
	case year && years == 0, v == math.Trunc(v) && decimals == numbers:
		return true
	}
	return numbers >= 5 && (higher == numbers || lower == numbers)
}

// take returns the numbers of a row at some indices, NaN where there is none.
func take(row []string, at []int) []float64 {
	all := make([]float64, len(at))
	for k, i := range at {
		all[k] = math.NaN()
		if i < len(row) {
			if v, err := parseEither(row[i]); err == nil {
				all[k] = v
			}
		}
	}
	return all
}

func column(rows [][]string, i int) []string {
	var all []string
	for _, line := range rows {
		if i < len(line) {
			all = append(all, line[i])
		}
	}
	return all
}

// isBlank reports whether s stands for a missing value.
func isBlank(s string) bool { return missingWords[strings.ToLower(strings.TrimSpace(s))] }

// hasRowNames reports whether all lines below are one field longer than the header and
// start with a name or number of their own: R gives its row names no title.
func hasRowNames(first []string, below [][]string) bool {
	for _, line := range below {
		if len(line) != len(first)+1 || isBlank(line[0]) {
			return false
		}
	}
	keys := column(below, 0)
	slices.Sort(keys)
	if len(keys) == 0 || len(slices.Compact(keys)) < len(below) || !isIndex(keys) {
		return false
	}
	for _, s := range column(below, len(first)) {
		if strings.TrimSpace(s) != "" { // otherwise each line ends with a delimiter
			return true
		}
	}
	return false
}

// isIndex reports whether a column without a name holds whole numbers or texts, which are
// then the numbers or names of the rows.
func isIndex(below []string) bool {
	texts := 0
	for _, s := range below {
		v, err := parseEither(s)
		switch {
		case err == nil && v == math.Trunc(v):
		case isNumber(s), isBlank(s) && len(below) == 1:
			return false
		default:
			texts++
		}
	}
	return len(below) > 0 && (texts == 0 || texts == len(below))
}

// isNoName reports whether a column has no name, or the one that pandas gives when it
// reads back what it wrote.
func isNoName(name string) bool { return name == "" || strings.HasPrefix(name, "Unnamed: ") }

// firstLine formats the first line for a message.
func firstLine(fields []string) string {
	var all []string
	for _, f := range fields[:min(len(fields), 5)] {
		all = append(all, show.Name(strings.TrimSpace(utf8Text(f))))
	}
	if len(fields) > 5 {
		all = append(all, "…")
	}
	return strings.Join(all, ", ")
}

// titleError returns an error if the first line has fewer fields than all lines below, two
// or more, as the title of a table has: then none of these is to be corrected.
func titleError(first record, below [][]string) error {
	if len(below) < 2 || len(below[0]) <= len(first.fields) {
		return nil
	}
	for _, line := range below {
		if len(line) != len(below[0]) {
			return nil
		}
	}
	return fmt.Errorf("line %d (%s) has %d fields, those below %d: remove it if it is a title, or give every column a name; quote a text that holds the delimiter",
		first.line, firstLine(first.fields), len(first.fields), len(below[0]))
}

func headerNote(line int64, fields []string) Note {
	n := NoteOf("line %d (%s) was taken for the columns' names", line, firstLine(fields))
	n.Remedies = []Remedy{{"if it is a row, say so", OptionHeader, []string{"no"}}}
	return n
}
