package show

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"":                          "",
		"two\tcolumns\nand lines\n": "two\tcolumns\nand lines\n",
		"größe █· ± 1 \ufffd":       "größe █· ± 1 \ufffd",
		"a\r\x1b[2Kb\x7f":           `a\x0d\x1b[2Kb\u007f`,
		"\u009b1m \u202e \u200b":    `\u009b1m \u202e \u200b`,
		"bad \xff\xc3 bytes":        `bad \xff\xc3 bytes`,
		"\U000e0041":                `\udb40\udc41`,
	} {
		if got := Text(in); got != want {
			t.Errorf("Text(%q) = %q, want %q", in, got, want)
		}
	}
}

// A terminal's text is the same JSON.
func TestTextOfJSON(t *testing.T) {
	all := make([]string, 0, 1<<16)
	for r := range rune(1 << 16) {
		all = append(all, string(r))
	}
	text, err := json.Marshal(append(all, "\U000e0041", "\U0001f600", "bad\xff"))
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	var b strings.Builder
	if _, err := Terminal(&b).Write(text); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(b.String()), &got); err != nil {
		t.Fatal(err)
	}
	if !Printable(b.String()) {
		t.Error("something cannot be printed")
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("number %d is %q, want %q", i, got[i], want[i])
		}
	}
}
