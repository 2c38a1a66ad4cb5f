package table

import (
	"fmt"
	"io"

	"normflow/internal/show"
)

// someLeft returns an error if all rows that were seen were left out, else end.
func (r *Reader) someLeft(seen, dropped int64, end error) error {
	if r.missing != MissingDrop || dropped < seen {
		return end
	}
	e := &Error{
		Problem:  fmt.Sprintf("all %d rows miss a value in the columns used (%s)", seen, r.tallies()),
		Remedies: []Remedy{{Do: "fill them in"}},
	}
	if !r.settled {
		e.Remedies = append(e.Remedies, Remedy{"leave columns out", OptionExclude, nil})
	}
	return InFile(r.table, e)
}

// sift counts rows with missing values, and drops them if [MissingDrop] says so.
func (r *Reader) sift(c *Chunk) {
	to, g := 0, 0
	for i := range c.Len() {
		if g < len(c.missing) && c.missing[g].row == i {
			r.dropped++
			for ; g < len(c.missing) && c.missing[g].row == i; g++ {
				r.tally[c.missing[g].column]++
			}
			if r.missing == MissingDrop {
				continue
			}
		}
		if r.missing == MissingDrop {
			c.move(to, i)
			to++
		}
	}
	if r.missing == MissingDrop {
		c.cut(to)
	}
}

// countMissing reads on to say how many rows miss a value, or what else is wrong, which
// is said instead: a column of text may begin with an empty field. The rows before the
// first row that misses a value stay in r.chunk.
func (r *Reader) countMissing(line int64, first gap, end error) error {
	rest := Chunk{features: r.chunk.features, kept: r.chunk.kept}
	for end == nil {
		rest.reset()
		end = r.src.fill(&rest, r.rows)
		if e := r.finite(&rest); e != nil {
			end = e
		}
		r.seen += int64(rest.Len())
		r.sift(&rest)
	}
	if end != io.EOF {
		return r.wrap(end)
	}
	e := Error{
		Found: "no value (" + quote(first.found) + ")", Expected: "a number",
		Problem:  fmt.Sprintf("%d of %d rows miss a value in the columns used (%s)", r.dropped, r.seen, r.tallies()),
		Remedies: []Remedy{{Do: "fill them in"}},
	}
	var gaps []string // columns that miss a value
	for j, n := range r.tally {
		if n > 0 {
			gaps = append(gaps, r.columns[j].Name)
		}
	}
	if !r.settled && len(gaps) < len(r.columns) {
		do := "leave the column out"
		if len(gaps) > 1 {
			do = "leave these columns out"
		}
		e.Remedies = append(e.Remedies, Remedy{do, OptionExclude, gaps})
	}
	if r.dropped < r.seen {
		e.Remedies = append(e.Remedies, Remedy{"leave the rows out", OptionMissing, []string{"drop"}})
	}
	return r.at(line, first.column, e)
}

// tallies lists the columns with missing values and their numbers.
func (r *Reader) tallies() string {
	var all []string
	for j, n := range r.tally {
		if n > 0 {
			all = append(all, fmt.Sprintf("%s: %d", show.Name(r.columns[j].Name), n))
		}
	}
	return show.List(all)
}
