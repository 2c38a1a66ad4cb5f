package tabular

import (
	"fmt"
	"slices"
	"strconv"

	"normflow/flowlib/table"
	"normflow/internal/nearest"
	"normflow/internal/show"
)

// Matched describes how the columns of a file were matched to the model's.
type Matched struct {
	By      string   `json:"by"`                // name or position
	Ignored []string `json:"ignored,omitempty"` // columns that the model does not use
}

// match returns a function for [table.Options] that finds the columns of a model: by
// name, in any order, if the file has them all; by position in a file without names that
// has the same number of columns.
// If the model is unnamed, its columns are c1, c2, … because its import named none.
func match(columns, features []string, unnamed bool, kept []string, m *Matched) func(all []table.Column) ([]string, error) {
	return func(all []table.Column) ([]string, error) {
		var names []string
		bare := true // the file has no names
		for i, c := range all {
			names = append(names, c.Name)
			bare = bare && c.Name == "c"+strconv.Itoa(i+1)
		}
		var missing []string
		for _, c := range columns {
			if !slices.Contains(names, c) {
				missing = append(missing, c)
			}
		}
		for _, name := range kept { // only a column of labels is kept by name
			if name != "*" && !slices.Contains(names, name) {
				return nil, wrong(OptionLabels, "%s", nearest.Unknown("column", name, names))
			}
		}
		switch {
		case len(missing) == 0:
			m.By, m.Ignored = "name", nil
			for _, c := range all {
				if !c.Index && !slices.Contains(columns, c.Name) && !slices.Contains(kept, c.Name) {
					m.Ignored = append(m.Ignored, c.Name)
				}
			}
			return columns, nil
		case bare && len(names) == len(columns):
			m.By = "position"
			return names, nil
		case bare:
			return nil, fmt.Errorf("has %d columns without names, the model has %d (%s): give it a header with these names, or these columns alone in this order",
				len(names), len(columns), list(columns))
		}
		has := fmt.Sprintf("the model has: %s", list(features))
		if len(columns) > len(features) {
			has += fmt.Sprintf(", given %s", list(columns[len(features):]))
		}
		return nil, &table.Error{
			Problem:  fmt.Sprintf("lacks %s; the file has: %s; %s", quoted(missing), list(names), has),
			Remedies: remedies(columns, missing, names, unnamed),
		}
	}
}

// remedies returns what can be done about a file of other columns, names, which lacks some
// of a model's.
func remedies(columns, missing, names []string, unnamed bool) []table.Remedy {
	all := []table.Remedy{{Do: "rename or add the missing"}}
	switch {
	case unnamed && len(names) == len(columns):
		return []table.Remedy{{Do: "if these are the model's in their order, import it with their names", Option: OptionNames, Values: names}}
	case unnamed:
		return []table.Remedy{{Do: "import the model with the names of its columns, in their order", Option: OptionNames}}
	case len(missing) < len(columns):
		all = append(all, table.Remedy{Do: "fit a model without", Option: table.OptionExclude, Values: missing})
	}
	return all
}

func quoted(names []string) string {
	if len(names) == 1 {
		return "column " + show.Quoted(names[0])
	}
	return "columns " + show.QuotedNames(names)
}

// list joins up to 20 names.
func list(names []string) string { return show.Names(names) }
