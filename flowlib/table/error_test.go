package table

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
)

// An error says where, what and what to do; a program gives the options its own names.
func TestError(t *testing.T) {
	e := &Error{Unit: "line", Line: 3, Column: "a\n", Found: `"u"`, Expected: "a number", Problem: "1 row",
		Remedies: []Remedy{{Do: "correct it"}, {"leave it out", OptionExclude, []string{"a"}}, {Do: "give up"}}, Err: fs.ErrInvalid}
	err := fmt.Errorf("fitting: %w", InFile("t.csv", e))
	if want := `fitting: t.csv: line 3, column "a\n": found "u", expected a number; 1 row: correct it, leave it out, or give up`; err.Error() != want {
		t.Errorf("got  %s\nwant %s", err, want)
	}
	var got *Error
	if !errors.As(err, &got) || got.Line != 3 || got.Column != "a\n" || got.File != "t.csv" || got.Usage() || !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("got %+v", got)
	}
	if text := got.Text(asNamed); !strings.Contains(text, "leave it out (Exclude a), or") {
		t.Error(text)
	}
	if e.File != "" || InFile("u.csv", err) != err {
		t.Error("an error is of the file that it was of first")
	}
	wrapped := InFile("t.npz", fmt.Errorf("array %q: %w", "X", &Error{Problem: "is too large", Remedies: []Remedy{letMore}}))
	if got := textOf(wrapped); got != `t.npz: array "X": is too large: let the run hold more (Memory)` {
		t.Error(got)
	}
	plain := InFile("t\n.csv", fs.ErrInvalid)
	if !errors.Is(plain, fs.ErrInvalid) || plain.Error() != `"t\n.csv": invalid argument` {
		t.Error(plain)
	}
	if e := (&Error{Option: OptionDecimal, Problem: "no mark"}); !e.Usage() || e.Text(asNamed) != "Decimal: no mark" || e.Error() != "no mark" {
		t.Error(e)
	}
}

// A note is a sentence in JSON.
func TestNote(t *testing.T) {
	n := Note{"x counts the rows", []Remedy{{"leave it out", OptionExclude, []string{"x"}}}}
	text, err := json.Marshal([]Note{n})
	if want := `["x counts the rows: leave it out"]`; err != nil || string(text) != want {
		t.Errorf("got %s, %v", text, err)
	}
	var back []Note
	if err := json.Unmarshal(text, &back); err != nil || back[0].String() != n.String() {
		t.Errorf("got %+v, %v", back, err)
	}
}
