package table

import (
	"strings"
	"testing"
)

// All columns of text are named at once, in the way that --exclude takes them.
func TestTextColumns(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"a,b,x,c\nu,v,1,w\nu,v,2,w\n", "t.csv: line 2: columns hold text, expected numbers: leave them out with --exclude a,b,c"},
		{"a,b,x,c\n,v,1,NA\nu,v,2,w\n", "t.csv: line 2: columns hold text, expected numbers: leave them out with --exclude a,b,c"},
		{"\"a, b\",\"it's\",x\nu,v,1\n", `t.csv: line 2: columns hold text, expected numbers: leave them out with --exclude '"a, b",it'\''s'`},
		{"a,x\n1,2\nu,3\n", `t.csv: line 3, column "a": found "u", expected a number such as 12, -0.5 or 3e-7: correct it, or leave the column out with --exclude`},
	} {
		if got := message(fromBytes("t.csv", []byte(tt.text)), Options{}); got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
	}
	if got := message(fromBytes("t.csv", []byte("a,b,x\nu,v,1\n")), Options{Settled: true}); strings.Contains(got, "--exclude") {
		t.Error(got)
	}
}
