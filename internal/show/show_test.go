package show

import (
	"errors"
	"strings"
	"testing"
)

func TestName(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"", ""},
		{"body height, cm", "body height, cm"},
		{"größe \"x\" c:\\new", "größe \"x\" c:\\new"},
		{"a\nflow: all is well", `"a\nflow: all is well"`},
		{"a\rb", `"a\rb"`},
		{"\x1b[2J", `"\x1b[2J"`},
		{"user\u202etxt", `"user\u202etxt"`},
		{"a\u2028b", `"a\u2028b"`},
		{"bad\xffbyte", `"bad\xffbyte"`},
		{"zero\u200bwidth", `"zero\u200bwidth"`},
		{strings.Repeat("ä", 61), strings.Repeat("ä", 60) + "…"},
		{strings.Repeat("ä", 60), strings.Repeat("ä", 60)},
		{"\x00" + strings.Repeat("x", 1<<20), `"\x00` + strings.Repeat("x", 59) + `"…`},
	} {
		if got := Name(tt.in); got != tt.want {
			t.Errorf("Name(%.70q) = %.80q, want %.80q", tt.in, got, tt.want)
		}
	}
}

func TestNames(t *testing.T) {
	if got, want := Names([]string{"a", "b\n", "c"}), `a, "b\n", c`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := QuotedNames([]string{"a", "b\n"}), `"a", "b\n"`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := Names(strings.Split(strings.Repeat("x ", 30)+"x", " ")); !strings.HasSuffix(got, "x, … (31 in all)") {
		t.Errorf("got %q", got)
	}
}

func TestPath(t *testing.T) {
	long := "/" + strings.Repeat("folder/", 60)
	for _, tt := range []struct{ in, want string }{
		{"/tmp/a table.csv", "/tmp/a table.csv"},
		{"/tmp/a\nflow: all is well", `"/tmp/a\nflow: all is well"`},
		{long + "t.csv", long[:60] + "…" + long[len(long)-115:] + "t.csv"},
		{"a\n" + long, `"a\n` + long[:58] + `"…` + long[len(long)-120:]},
	} {
		if got := Path(tt.in); got != tt.want {
			t.Errorf("Path(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestError(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{`no "such" thing`, `no "such" thing`},
		{"unknown field \"a\n\x1b\"", `unknown field "a\n\x1b"`},
		{strings.Repeat("long", 100), strings.Repeat("long", 75) + "…"},
	} {
		err := errors.New(tt.in)
		if got := Error(err); got.Error() != tt.want || !errors.Is(got, err) {
			t.Errorf("Error(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}
