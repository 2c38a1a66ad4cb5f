package table

import (
	"strings"
	"testing"
)

// All columns of text are named at once.
func TestTextColumns(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"a,b,x,c\nu,v,1,w\nu,v,2,w\n", "t.csv: line 2: columns hold text, expected numbers: leave them out (Exclude a b c)"},
		{"a,b,x,c\n,v,1,NA\nu,v,2,w\n", "t.csv: line 2: columns hold text, expected numbers: leave them out (Exclude a b c)"},
		{"\"a, b\",\"it's\",x\nu,v,1\n", `t.csv: line 2: columns hold text, expected numbers: leave them out (Exclude a, b it's)`},
		{"a,b\nu,v\n", `t.csv: line 2, column "a": found "u", expected a number such as 12, -0.5 or 3e-7: correct it`},
		{"x:y\n1:2\n3:4\n", `t.csv: line 2, column "x:y": found "1:2", expected one number, or several parted by a comma, a semicolon or a tab: name the delimiter (Delimiter :)`},
		{"x y z\n1 2\n3 4\n", `t.csv: line 2, column "x y z": found "1 2", expected one number, or several parted by a comma, a semicolon or a tab: name the delimiter (Delimiter)`},
		{"x y\n1 2 \n3 4\n", ""},
		{"a,x\n1,2\nu,3\n", `t.csv: line 3, column "a": found "u", expected a number such as 12, -0.5 or 3e-7: correct it, or leave the column out (Exclude a)`},
	} {
		if got := message(fromBytes("t.csv", []byte(tt.text)), Options{}); got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
	}
	if got := message(fromBytes("t.csv", []byte("a,b,x\nu,v,1\n")), Options{Settled: true}); strings.Contains(got, "leave") {
		t.Error(got)
	}
}
