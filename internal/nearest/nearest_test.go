package nearest

import (
	"slices"
	"strings"
	"testing"
)

func TestNames(t *testing.T) {
	columns := []string{"temperature", "pressure", "flow", "Rate", "x", "y"}
	densities := []string{"moons05", "moons10", "checkerboard", "rings"}
	for _, tt := range []struct {
		found string
		known []string
		want  []string
	}{
		{"presure", columns, []string{"pressure"}},
		{"perssure", columns, []string{"pressure"}}, // one swap
		{"PRESSURE", columns, []string{"pressure"}},
		{"temp", columns, []string{"temperature"}},
		{"rate", columns, []string{"Rate"}},
		{"X", columns, []string{"x"}},
		{"z", columns, nil}, // another letter is another name
		{"humidity", columns, nil},
		{"", columns, nil},
		{"moons", densities, []string{"moons05", "moons10"}},
		{"moons5", densities, []string{"moons05"}},
		{"ring", densities, []string{"rings"}},
		{"aab", []string{"aac", "aad", "aae", "aaf"}, nil}, // any of four
		{strings.Repeat("x", 101), []string{strings.Repeat("x", 100)}, nil},
		{"größe", []string{"grösse", "größen"}, []string{"größen"}},
		{"layer", []string{"layers", "label"}, []string{"layers"}},
	} {
		if got := Names(tt.found, tt.known); !slices.Equal(got, tt.want) {
			t.Errorf("Names(%q, %q) = %q, want %q", tt.found, tt.known, got, tt.want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"abc", "abc", 0}, {"abc", "acb", 1},
		{"kitten", "sitting", 3}, {"ab", "bca", 3}, {"steps", "step", 1},
	} {
		if got := distance([]rune(tt.a), []rune(tt.b)); got != tt.want {
			t.Errorf("distance(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}

func TestUnknown(t *testing.T) {
	for _, tt := range []struct{ found, want string }{
		{"presure", `there is no column "presure": did you mean "pressure"? There are: pressure, x`},
		{"q", `there is no column "q"; there are: pressure, x`},
		{"\x1b[2J", `there is no column "\x1b[2J"; there are: pressure, x`},
	} {
		if got := Unknown("column", tt.found, []string{"pressure", "x"}); got != tt.want {
			t.Errorf("Unknown(%q):\n got %s\nwant %s", tt.found, got, tt.want)
		}
	}
}
