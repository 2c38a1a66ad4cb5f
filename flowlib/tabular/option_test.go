package tabular

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"normflow/flowlib/columns"
	"normflow/flowlib/table"
)

// Advice can be followed whatever was asked for before.
func TestAdviceFitsTheOptions(t *testing.T) {
	others := table.Remedy{Do: "name the others", Option: table.OptionColumns, Values: []string{"x", "y", "c"}}
	for _, tt := range []struct {
		name   string
		config FitConfig
		want   []string
	}{
		{"nothing asked for", FitConfig{}, []string{"x", "y", "c"}},
		{"a condition", FitConfig{ConditionOn: []string{"c"}}, []string{"x", "y"}},
		{"columns named", FitConfig{Columns: []string{"x", "t"}}, nil},
		{"columns left out", FitConfig{Exclude: []string{"t"}}, nil},
	} {
		got := tt.config.leavingOut([]table.Remedy{others})[0]
		if got.Option != table.OptionColumns || !slices.Equal(got.Values, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
	got := FitConfig{Weights: "w"}.leavingOut([]table.Remedy{{Do: "leave the column out", Option: table.OptionExclude, Values: []string{"w"}}})[0]
	if got.Option != OptionWeights || got.Values != nil {
		t.Errorf("a column of weights: got %v", got)
	}
}

// What cannot be fitted is refused before the training.
func TestRefusedBeforeTheTraining(t *testing.T) {
	var text strings.Builder
	text.WriteString("x,y\n")
	for i := range 120 {
		fmt.Fprintf(&text, "%d.5,%d\n", i*i%127, i%7)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "t.csv")
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(c *FitConfig){
		"Test: this is one of 120 rows, expected at least two":              func(c *FitConfig) { c.Test = 0.01 },
		"Valid: this is one of 120 rows, expected at least two":             func(c *FitConfig) { c.Valid = 0.01 },
		"Fold: this is one of 120 rows, expected at least two":              func(c *FitConfig) { c.Fold, c.Folds = 3, 120 },
		`Column: column "x" is no category: none of its texts is in 5 rows`: func(c *FitConfig) { c.Kinds = map[string]columns.Kind{"x": columns.Category} },
		`Column: there is no feature "q"; there are: x, y`:                  func(c *FitConfig) { c.Kinds = map[string]columns.Kind{"q": columns.Category} },
	} {
		c := DefaultFit()
		change(&c)
		_, err := Fit(t.Context(), file, filepath.Join(dir, "m"), c, Progress{})
		var e *table.Error
		if !errors.As(err, &e) || !strings.HasPrefix(string(e.Option)+": "+e.Problem, want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
