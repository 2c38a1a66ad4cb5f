// Package stream reads tables that do not fit into memory: once for a sample of the rows
// and a summary of all, and then over and over, shuffled, for those who train.
//
// What becomes of a row depends on its place in the file, its line, and not on what was
// read before it. So each pass, and each process, finds the same rows.
package stream

import (
	"io"

	"normflow/flowlib/table"
)

// Place maps the line of a row to [0, 1), evenly and in no order. Other seeds give other
// maps.
func Place(line, seed int64) float64 {
	// The finalizer of SplitMix64: Steele, Lea, Flood 2014, https://doi.org/10.1145/2714064.2660195.
	x := uint64(line)*0x9e3779b97f4a7c15 + uint64(seed)*0xd1342543de82ef95
	for range 2 {
		x ^= x >> 30
		x *= 0xbf58476d1ce4e5b9
		x ^= x >> 27
		x *= 0x94d049bb133111eb
		x ^= x >> 31
	}
	return float64(x>>11) / (1 << 53)
}

// sampling is the seed of the places by which a sample is taken.
const sampling = 0x5a3b1e

// Sample reads the table at path once. It returns at most as many of its rows as most says
// for the number of columns, in the order of the file, and the summary of all. If not all
// rows fit, each is in the sample with the same probability; then the sample is more than
// about half of what fits.
func Sample(path string, o table.Options, most func(columns int) int) (*table.Table, table.Summary, error) {
	r, err := table.Open(path, o)
	if err != nil {
		return nil, table.Summary{}, err
	}
	defer r.Close()
	t := &table.Table{Columns: r.Columns()}
	s := table.NewSummarizer(t.Columns)
	var values []float64 // of the sample, [n, D]
	share, d := 1.0, len(t.Columns)
	rows := most(d)
	for {
		c, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, table.Summary{}, err
		}
		for i, line := range c.Lines {
			s.Add(c.Row(i))
			if Place(line, sampling) >= share {
				continue
			}
			if len(t.Lines) == rows {
				share /= 2
				t.Lines, values = thin(t.Lines, values, d, share)
				if Place(line, sampling) >= share {
					continue
				}
			}
			t.Lines, values = append(t.Lines, line), append(values, c.Row(i)...)
		}
	}
	for i := range t.Lines {
		t.Rows = append(t.Rows, values[i*d:(i+1)*d:(i+1)*d])
	}
	t.Dropped, t.Format, t.Notes = r.Dropped(), r.Format(), r.Notes()
	return t, s.Summary(), nil
}

// thin keeps the rows whose place is below share.
func thin(lines []int64, values []float64, d int, share float64) ([]int64, []float64) {
	n := 0
	for i, line := range lines {
		if Place(line, sampling) < share {
			lines[n] = line
			copy(values[n*d:(n+1)*d], values[i*d:])
			n++
		}
	}
	return lines[:n], values[:n*d]
}
