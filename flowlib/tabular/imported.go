package tabular

import (
	"encoding/json"
	"fmt"
	"slices"

	"normflow/flowlib/flow"
	"normflow/flowlib/table"
	"normflow/internal/show"
)

// Imported is the training record of a model that was made from a file of weights.
type Imported struct {
	From    string   `json:"imported_from"`
	Columns []string `json:"columns,omitempty"` // names of the features, then of the context; none: they are c1, c2, …
}

// RecordImport stores in m from which file it was made, and the names of its columns, which
// may be none: then they are those of like, the folder of a model with the same columns,
// or "" if there is none.
func RecordImport(m *flow.Mixture, from, like string, columns []string) error {
	if len(columns) == 0 && like != "" {
		saved, err := flow.ReadMixture(like)
		if err != nil {
			return err
		}
		of, err := newModel(like, saved)
		if err != nil {
			return err
		}
		if !of.unnamed {
			columns = slices.Concat(of.Features, of.Context)
		}
	}
	record := Imported{from, columns}
	if err := record.check(m); err != nil {
		return &table.Error{Option: OptionNames, Problem: err.Error()}
	}
	var err error
	m.Training, err = json.Marshal(record)
	return err
}

// check returns an error if the columns cannot be those of m.
func (i *Imported) check(m *flow.Mixture) error {
	if d := m.Features() + m.Context(); len(i.Columns) > 0 && len(i.Columns) != d {
		return fmt.Errorf("found %d names of columns (%s), expected %d", len(i.Columns), show.Names(i.Columns), d)
	}
	place := map[string]bool{}
	for _, name := range i.Columns {
		if name == "" || place[name] {
			return fmt.Errorf("found the name %s of a column, expected names that are not empty and differ", show.Quoted(name))
		}
		place[name] = true
	}
	return nil
}

// importedColumns returns the names of the columns of a model of another program or of an
// import, nil if it has none.
func importedColumns(m *flow.Mixture) ([]string, error) {
	var i Imported
	if json.Unmarshal(m.Training, &i) != nil || i.From == "" {
		return nil, nil
	}
	if err := i.check(m); err != nil {
		return nil, fmt.Errorf("model.json: training: %w: the file is edited or damaged: import the weights again", err)
	}
	return i.Columns, nil
}
