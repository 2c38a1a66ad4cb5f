package table

import (
	"bytes"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// Tables that programs draw are refused by name, and what the message advises for a
// file works; Markdown is read.
func TestDrawnTables(t *testing.T) {
	command := regexp.MustCompile(`\((grep .*)\)$`)
	ran := 0
	for _, tt := range []struct{ text, want string }{
		{"+---+-----+\n| x | y   |\n+---+-----+\n| 1 |   2 |\n| 3 |   4 |\n+---+-----+\n2 rows in set (0.00 sec)\n", "drawn in a frame"},
		{"+---+---+\n| x | y |\n+===+===+\n| 1 | 2 |\n+---+---+\n| 3 | 4 |\n+---+---+\n", "drawn in a frame"},
		{" x | y \n---+---\n 1 | 2\n 3 | 4\n(2 rows)\n\n", "as psql draws it"},
		{"shape: (2, 2)\n┌─────┬─────┐\n│ x   ┆ y   │\n", "drawn in a frame"},
		{"┌───┬───┐\n│ x │ y │\n", "drawn in a frame"},
		{"1 1:0.5 2:0.3\n-1 1:0.25 3:0.5 # a\n", "a sparse table"},
		{"+1 qid:3 1:1 2:0.25\n", "a sparse table"},
		{"| x | y |\n|---|--:|\n| 1 | 2 |\n| 3 | 4 |\n", ""},
		{"| x | y |\n|---+---|\n| 1 | 2 |\n| 3 | 4 |\n", ""},
		{"x | y\n--- | ---\n1 | 2\n3 | 4\n", ""},
		{"x y\n--- ---\n1 2\n3 4\n", ""},
	} {
		got := message(fromBytes("t.csv", []byte(tt.text)), Options{})
		if tt.want != "" && !strings.Contains(got, tt.want) {
			t.Errorf("%q: says %q, expected %q", tt.text, got, tt.want)
		}
		text := []byte(tt.text)
		if found := command.FindStringSubmatch(got); found != nil {
			ran++
			run := exec.Command("sh", "-c", strings.Replace(found[1], "FILE", "-", 1))
			run.Stdin = bytes.NewReader(text)
			var err error
			if text, err = run.Output(); err != nil {
				t.Errorf("%s: %v", run, err)
			}
		} else if tt.want != "" {
			continue
		}
		r, err := newReader(fromBytes("t.csv", text), Options{})
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if rows, err := r.readAll(); err != nil || fmt.Sprint(rows.Columns, rows.Rows) != "[x y] [[1 2] [3 4]]" {
			t.Errorf("%q: read %v, %v", text, rows, err)
		}
	}
	if ran != 3 {
		t.Errorf("%d commands were advised, expected 3", ran)
	}
	for text, want := range map[string]string{
		"a|b\n---|---\n1|2\n---|3\n":     `line 2, column "a": found "---"`, // marks for missing values
		"1 10:30 11:45\n2 11:30 12:45\n": "name the delimiter",
		"x,y\nrest\n1,2\n":               "line 2 has 1 fields", // no row of units
	} {
		if got := message(fromBytes("t.csv", []byte(text)), Options{}); !strings.Contains(got, want) {
			t.Errorf("%q: says %q, expected %q", text, got, want)
		}
	}
	if got := message(fromBytes("t.csv", []byte("| name | x |\n|---|---|\n| a | 1 |\n| b | 2 |\n")), Options{Columns: []string{"x"}}); got != "" {
		t.Error(got)
	}
}
