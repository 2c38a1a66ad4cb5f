package tabular

import (
	"strconv"

	"normflow/flowlib/table"
	"normflow/internal/show"
)

// keys looks for kept columns of text that are the same in every row: joining by such a
// key joins every row with every other.
type keys struct {
	names []string
	first []string
	rows  int
	vary  []bool
}

func (k *keys) see(r *table.Reader, c *table.Chunk) {
	if k.first == nil && c.Len() > 0 {
		for _, column := range r.Kept() {
			k.names = append(k.names, column.Name)
		}
		k.first = append([]string{}, c.Text(0)...)
		k.vary = make([]bool, len(k.first))
	}
	for i := range c.Len() {
		for j, text := range c.Text(i) {
			k.vary[j] = k.vary[j] || text != k.first[j]
		}
	}
	k.rows += c.Len()
}

// warnings names the columns that hold one text, not a number, in all of at least two
// rows.
func (k *keys) warnings(file string) (all []table.Note) {
	for j, text := range k.first {
		if _, err := strconv.ParseFloat(text, 64); err == nil || text == "" || k.vary[j] || k.rows < 2 {
			continue
		}
		all = append(all, table.NoteOf("%s: column %s is %s in all %d rows: as a key it tells no rows apart", show.Path(file), show.Quoted(k.names[j]), show.Quoted(text), k.rows))
	}
	return all
}
