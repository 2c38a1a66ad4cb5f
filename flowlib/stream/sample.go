// Package stream reads tables that do not fit into memory: once for a sample of the rows
// and a summary of all, and then over and over, shuffled, for those who train.
//
// A table is one file or many. What becomes of a row depends on its number among the rows
// of all, and not on what was read before it, nor on where one file ends. So each pass, and
// each process, finds the same rows.
package stream

import "normflow/flowlib/table"

// Place maps the number of a row to [0, 1), evenly and in no order. Other seeds give other
// maps.
func Place(number, seed int64) float64 {
	// The finalizer of SplitMix64: Steele, Lea, Flood 2014, https://doi.org/10.1145/2714064.2660195.
	x := uint64(number)*0x9e3779b97f4a7c15 + uint64(seed)*0xd1342543de82ef95
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

// Sample reads all files once. It returns at most as many of their rows as most says for
// the number of columns, in their order, and the summary of all. If not all rows fit, each
// is in the sample with the same probability; then the sample is more than about half of
// what fits. Tell, if not nil, is called now and then with the number of rows read so far.
func Sample(files *table.Files, most func(columns int) int, tell func(rows int64)) (*table.Table, table.Summary, error) {
	t := &table.Table{Columns: files.Columns()}
	s := table.NewSummarizer(t.Columns)
	var values []float64 // of the sample, [n, D]
	share, d := 1.0, len(t.Columns)
	rows := most(d)
	err := files.Each(func(c *table.Chunk) error {
		for i, number := range c.Numbers {
			s.Add(c.Row(i))
			if Place(number, sampling) >= share {
				continue
			}
			if len(t.Numbers) == rows {
				share /= 2
				values = thin(t, values, share)
				if Place(number, sampling) >= share {
					continue
				}
			}
			t.Numbers, t.Lines, values = append(t.Numbers, number), append(t.Lines, c.Lines[i]), append(values, c.Row(i)...)
		}
		if tell != nil {
			tell(c.Numbers[c.Len()-1])
		}
		return nil
	})
	if err != nil {
		return nil, table.Summary{}, err
	}
	for i := range t.Lines {
		t.Rows = append(t.Rows, values[i*d:(i+1)*d:(i+1)*d])
	}
	t.Dropped, t.Format, t.Notes = files.Dropped(), files.Format(), files.Notes()
	return t, s.Summary(), nil
}

// thin keeps the rows whose place is below share, and returns their values.
func thin(t *table.Table, values []float64, share float64) []float64 {
	n, d := 0, len(t.Columns)
	for i, number := range t.Numbers {
		if Place(number, sampling) < share {
			t.Numbers[n], t.Lines[n] = number, t.Lines[i]
			copy(values[n*d:(n+1)*d], values[i*d:])
			n++
		}
	}
	t.Numbers, t.Lines = t.Numbers[:n], t.Lines[:n]
	return values[:n*d]
}
