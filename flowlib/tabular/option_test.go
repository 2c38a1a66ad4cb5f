package tabular

import (
	"slices"
	"testing"

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
}
