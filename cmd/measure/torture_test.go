//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"normflow/internal/origin"
)

func TestRunFor(t *testing.T) {
	for _, tt := range []struct{ script, want, err string }{
		{"echo '    kill_test.go:9: figures: {\"kills\":6}'; echo ok", `{"kills":6}`, ""},
		{"echo nothing", "", "did not say"},
		{"echo 'a.go:1: figures: {}'; echo why >&2; exit 3", "", "why"},
	} {
		got, err := runFor(exec.CommandContext(t.Context(), "sh", "-c", tt.script), figuresLine)
		if got != tt.want || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: got %q, %v, want %q, %q", tt.script, got, err, tt.want, tt.err)
		}
	}
	const fuzz = "fuzz: elapsed: 3s, execs: 64226 (21392/sec), new interesting: 12 (total: 17)"
	if match := execsLine.FindStringSubmatch(fuzz); match == nil || match[1] != "64226" {
		t.Errorf("got %q", match)
	}
}

func TestTortureCalls(t *testing.T) {
	for _, call := range []string{"--inputs=0", "--kills=0", "--only=(", "more"} {
		if got := run(t.Context(), []string{"torture", call}); got != 2 {
			t.Errorf("%s: status %d, expected 2", call, got)
		}
	}
	path := filepath.Join(t.TempDir(), "rows.json")
	if got := run(t.Context(), []string{"torture", "--only=^$", "-o", path}); got != 0 {
		t.Errorf("no target: status %d", got)
	}
}

// Nothing goes on when the command is interrupted: not what a child has started.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	begin := time.Now()
	if _, err := runFor(exec.CommandContext(ctx, "sh", "-c", "sleep 600; true"), figuresLine); err == nil {
		t.Error("no error")
	}
	if took := time.Since(begin); took > 5*time.Minute { // the machine may be busy
		t.Errorf("it took %v", took)
	}
}

// Every fuzzing target of the project is fed, and every target is there: `go test` says
// nothing of a name that no test has.
func TestTargetsAreThere(t *testing.T) {
	known := map[string]bool{}
	for _, target := range targets(1, 1) {
		known[target.folder+" "+target.name] = true
	}
	there := map[string]bool{}
	for _, root := range []string{"cmd", "flowlib", "internal", "scripts"} {
		err := filepath.WalkDir("../../"+root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			folder := "." + strings.TrimPrefix(filepath.ToSlash(filepath.Dir(path)), "../..")
			for _, match := range function.FindAllSubmatch(text, -1) {
				there[folder+" "+string(match[1])] = true
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for name := range known {
		if !there[name] {
			t.Errorf("there is no %s", name)
		}
	}
	for name := range there {
		if strings.Contains(name, " Fuzz") && !known[name] {
			t.Errorf("%s is no target", name)
		}
	}
}

var function = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)

// What fails does not cost the others' rows, old or new.
func TestRowsAreKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rows.json")
	row := func(name string, inputs int64, err error) target {
		return target{name, name, "", func(context.Context) (tortureRow, error) { return tortureRow{Inputs: inputs}, err }}
	}
	say := func(all []target, only, want string) {
		t.Helper()
		rows, err := readTorture(path)
		if err != nil {
			t.Fatal(err)
		}
		from := origin.Origin{Commit: want}
		err = torture(t.Context(), all, regexp.MustCompile(only), rows, from, func(rows any) error { return origin.Write(path, rows) })
		rows, errRead := readTorture(path)
		if errRead != nil {
			t.Fatal(errRead)
		}
		var got []string
		for _, target := range all {
			if r, ok := rows[target.name]; ok {
				got = append(got, fmt.Sprintf("%s %d", r.Test, r.Inputs))
			}
		}
		if text := fmt.Sprint(got, err); text != want {
			t.Errorf("got %s, want %s", text, want)
		}
	}
	broken := errors.New("broken")
	say([]target{row("a", 1, nil), row("b", 2, broken), row("c", 3, nil)}, "", "[a 1 c 3] b: broken")
	say([]target{row("a", 5, nil), row("b", 6, nil), row("c", 7, nil)}, "^[ab]$", "[a 5 b 6 c 3] <nil>")
	say([]target{row("a", 8, broken), row("b", 9, nil), row("c", 9, nil)}, "a", "[b 6 c 3] a: broken")
}
