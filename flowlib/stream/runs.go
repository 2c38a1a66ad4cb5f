package stream

import "math"

// segment is a part of a run: a file, or some row groups of one, see [table.Options].
type segment struct {
	file   int
	groups [2]int
}

// places is from how many places in the table the rows that are held are at least.
const places = 16

// divide returns the runs in which the files are read, which come in random order, and the
// number of passes that give each row once.
func (c Config) divide() (runs [][]segment, classes int, err error) {
	inOne := [][]segment{nil}
	grouped := false
	for i := range c.Files.Len() {
		inOne[0] = append(inOne[0], segment{file: i})
		grouped = grouped || c.Files.Groups(i) != nil
	}
	classes = max(1, int(math.Ceil(float64(c.Count)/float64(c.Held)))) // each then fits
	if !grouped || classes == 1 {
		return inOne, classes, nil
	}
	if err := c.Files.Count(); err != nil { // runs of text may come in any order
		return nil, 0, err
	}
	var units []unit
	for i := range c.Files.Len() {
		groups := c.Files.Groups(i)
		for g, n := range groups {
			if n > 0 {
				units = append(units, unit{segment{i, [2]int{g, g + 1}}, n})
			}
		}
		if groups == nil {
			units = append(units, unit{segment{file: i}, c.Files.Rows(i)})
		}
	}
	runs, largest := runsOf(units, int64(c.Held/places))
	return runs, min(classes, max(1, int(math.Ceil(largest*float64(c.Count)*float64(min(places, len(runs)))/float64(c.Held))))), nil
}

// unit is what is read in one piece, and the number of its rows.
type unit struct {
	segment
	rows int64
}

// runsOf joins neighbours to runs of at least that many rows, so that not too much is spent
// on opening them. It returns the share of rows of the largest.
func runsOf(units []unit, least int64) (all [][]segment, largest float64) {
	var run []segment
	rows, sum, most := int64(0), int64(0), int64(0)
	for i, u := range units {
		if last := len(run) - 1; last >= 0 && run[last].file == u.file && run[last].groups[1] == u.groups[0] {
			run[last].groups[1] = u.groups[1]
		} else {
			run = append(run, u.segment)
		}
		if rows += u.rows; rows >= least || i == len(units)-1 {
			all = append(all, run)
			most = max(most, rows)
			run, sum, rows = nil, sum+rows, 0
		}
	}
	return all, float64(most) / float64(sum)
}
