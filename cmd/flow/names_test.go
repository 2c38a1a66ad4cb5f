package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"normflow/internal/show"
)

// Names of columns, files and folders that hold what a terminal obeys, forged lines and
// marks of the direction of writing; one is very long.
const (
	forged = "a\nflow: all is well"
	eraser = "b\r\x1b[2K\u202eeno"
)

// saidOfNames checks what a command said: nothing that a terminal obeys, no line that a
// name has made, no long line, and on the standard output JSON where that was asked for.
func saidOfNames(t *testing.T, args []string, out, said string) {
	t.Helper()
	for _, text := range []string{out, said} {
		if !show.Printable(strings.NewReplacer("\n", "", "\t", "").Replace(text)) {
			t.Errorf("flow %q prints %.2000q", args, text)
		}
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, "flow: all is well") || args[0] != "__complete" && !json.Valid([]byte(line)) && utf8.RuneCountInString(line) > 600 {
				t.Errorf("flow %q prints the line %.600q", args, line)
			}
		}
	}
}

// Whatever columns, files and models are called, every command says it in lines of its own.
func TestNamesForgeNothing(t *testing.T) {
	for _, length := range []int{300, 8000} {
		t.Run(fmt.Sprint(length), func(t *testing.T) { forgeNothing(t, strings.Repeat("long", length/4)) })
	}
}

// forgeNothing goes through all commands, with a name that is long.
func forgeNothing(t *testing.T, long string) {
	dir := filepath.Join(t.TempDir(), "d\nflow: all is well\x1b[2K")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	in := func(name string) string { return filepath.Join(dir, name) }
	drawn := strings.Split(must(t, "data", "sample", "moons10", "-n", "400"), "\n")
	var b, bad strings.Builder
	for i, line := range drawn[:401] {
		first, second, _ := strings.Cut(line, ",")
		more := []string{second, first, "1"}
		if i == 0 {
			first, more = `"`+forged+`"`, []string{`"` + eraser + `"`, long, "c"}
		}
		if i%2 == 1 {
			more[2] = "2"
		}
		b.WriteString(first + "," + strings.Join(more, ",") + "\n")
		if i == 3 {
			more[0] = "\"te\x1bxt\n\u202e" + long + "\""
		}
		bad.WriteString(first + "," + strings.Join(more, ",") + "\n")
	}
	table, spoiled, model, given := in("t\u202e.csv"), in("bad.csv"), in("model\x1b"), in("given")
	for path, text := range map[string]string{
		table: b.String(), spoiled: bad.String(), in("broken.json"): `{"` + eraser + `":1}`,
		in("other.csv"): "x,y\n1,2\n", in("text.npz"): "no zip", in("x.safetensors"): "no",
	} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	fit := func(out string, more ...string) []string {
		return append([]string{"fit", table, "-o", out, "--model", "realnvp", "--layers", "1", "--steps", "20"}, more...)
	}
	for _, tt := range []struct {
		status int
		args   []string
	}{
		{0, fit(model)},
		{0, fit(given, "--columns", "1,3", "--condition-on", "c", "--engine", "go")},
		{2, fit(in("m"), "--"+eraser+long)},
		{2, fit(in("m"), "--"+forged)},
		{2, fit(in("m"), "--model", forged+long)},
		{2, fit(in("m"), "--engine", eraser+long)},
		{2, fit(in("m"), "--layers", eraser+long)},
		{2, fit(in("m"), "--delimiter", eraser+long)},
		{1, fit(in("m"), eraser+long)},
		{1, fit(in("m"), "--columns", "b"+long)},
		{0, fit(in("m"), "--exclude", eraser)},
		{1, fit(in("m"), "--condition-on", eraser+"x")},
		{1, fit(filepath.Join(table, "m"))},
		{1, []string{"fit", spoiled, "-o", in("m")}},
		{1, []string{"fit", in(eraser + ".csv"), "-o", in("m")}},
		{1, []string{"fit", in(long), "-o", in("m")}},
		{1, []string{"fit", in("text.npz"), "-o", in("m")}},
		{0, []string{"score", model, table, "-o", in("s.csv")}},
		{1, []string{"score", model, in("other.csv")}},
		{1, []string{"score", model, spoiled, "-o", in("s.csv")}},
		{1, []string{"score", in(eraser), table}},
		{1, []string{"score", dir, table}},
		{1, []string{"score", model, table, "-o", in("none/" + eraser)}},
		{0, []string{"anomaly", model, table, "--false-alarm", "0.1", "-o", in("a.csv")}},
		{0, []string{"anomaly", given, table, "--false-alarm", "0.1", "-o", in("a.csv")}},
		{1, []string{"anomaly", model, table, "--labels", forged + long}},
		{1, []string{"anomaly", model, table, "--labels", eraser}},
		{0, []string{"eval", model, table, "-o", in("p.html")}},
		{0, []string{"eval", given, table}},
		{0, []string{"sample", model, "-n", "3", "-o", in("d.csv")}},
		{2, []string{"sample", given, "-n", "3"}},
		{2, []string{"sample", given, "-n", "3", "--condition", eraser + "=1"}},
		{0, []string{"show", model}},
		{0, []string{"export", model, "-o", in("w.npz")}},
		{2, []string{"export", model, "-o", in(eraser)}},
		{0, []string{"import", in("w.npz"), "-o", in("i")}},
		{1, []string{"import", in("x.safetensors"), "-o", in("j")}},
		{1, []string{"import", in("w.npz"), "--config", in("broken.json"), "-o", in("j")}},
		{2, []string{"import", in("w.npz"), "-o", dir}},
		{2, []string{"data", "sample", eraser + long}},
		{2, []string{"data", forged + long}},
		{2, []string{eraser + long}},
		{2, []string{"bench", "--engine", eraser + long}},
		{1, []string{"bench", "--batch", "64", "--data", in(eraser)}},
		{1, []string{"bench-data", "-o", table}},
		{0, []string{"__complete", "fit", table, "--columns", ""}},
		{0, []string{"__complete", "score", dir + "/"}},
		{0, []string{"__complete", "sample", given, "--condition", ""}},
	} {
		for _, more := range [][]string{nil, {"--json"}} {
			if more != nil && (tt.args[0] == "__complete" || tt.status == 0 && tt.args[0] == "fit") {
				continue
			}
			args := append(tt.args[:len(tt.args):len(tt.args)], more...)
			status, out, said := shell(t, "", args...)
			if more == nil && status != tt.status || (status == 0) != (tt.status == 0) {
				t.Errorf("flow %.200q: status %d, want %d: %.500s", args, status, tt.status, said)
			}
			saidOfNames(t, args, out, said)
		}
	}
	page, err := os.ReadFile(in("p.html"))
	if err != nil {
		t.Fatal(err)
	}
	for _, raw := range []string{"\x1b", "\u202e"} {
		if strings.Contains(string(page), raw) {
			t.Errorf("the page holds %q", raw)
		}
	}
}
