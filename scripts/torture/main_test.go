package main

import (
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"
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

// Every target is there: `go test` says nothing of a name that no test has.
func TestTargetsAreThere(t *testing.T) {
	for _, target := range fuzzTargets {
		find(t, "../../"+target.folder, "func "+target.name+"(f *testing.F)")
	}
	for _, target := range testTargets {
		find(t, "../../cmd/flow", "func "+target.name+"(t *testing.T)")
	}
}

func find(t *testing.T, folder, text string) {
	t.Helper()
	if err := exec.Command("grep", "-rqF", "--include=*_test.go", text, folder).Run(); err != nil {
		t.Errorf("%s: no %q", folder, text)
	}
}
