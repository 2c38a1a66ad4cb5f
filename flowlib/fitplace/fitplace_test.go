package fitplace

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"normflow/flowlib/table"
)

func TestPlace(t *testing.T) {
	there := t.TempDir()
	dir := filepath.Join(there, "a", "b", "model")
	p, err := Take(dir+"/", 2)
	if err != nil || p.Dir != dir {
		t.Fatal(p, err)
	}
	if _, err := Take(dir, 2); err == nil || !strings.Contains(err.Error(), "another process fits this model") {
		t.Errorf("taken twice: %v", err)
	}
	var said []string
	note := func(n table.Note) { said = append(said, n.String()) }
	if err := p.Resume(true, note); err != nil || len(said) != 1 || !strings.Contains(said[0], "starting at the beginning") {
		t.Errorf("resumed from nothing: %v, %q", err, said)
	}
	ctx, stop := context.WithCancel(context.Background())
	cause := errors.New("cause")
	if err := p.Interrupted(ctx, cause); err != cause {
		t.Errorf("found %v before the end", err)
	}
	stop()
	var stopped *InterruptedError
	if err := p.Interrupted(ctx, cause); !errors.As(err, &stopped) || !errors.Is(err, cause) || stopped.Checkpoint != "" {
		t.Errorf("found %v without a checkpoint", err)
	}
	p.Leave()
	if left, err := os.ReadDir(there); err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

// What lies where a checkpoint would lie is never lost.
func TestCheckpointOfAnother(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "model")
	for _, at := range []string{dir + ".checkpoint", dir + ".checkpoint.2"} {
		if err := os.WriteFile(at, []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
		p, err := Take(dir, 2)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Resume(true, nil); err == nil || !strings.Contains(err.Error(), "is no checkpoint of a fit") {
			t.Errorf("%s: %v", at, err)
		}
		p.Leave()
		if text, err := os.ReadFile(at); err != nil || string(text) != "mine" {
			t.Errorf("%s: holds %q, %v", at, text, err)
		}
		if err := os.Remove(at); err != nil {
			t.Fatal(err)
		}
	}
}
