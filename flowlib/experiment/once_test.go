package experiment_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"normflow/flowlib/experiment"
)

func TestOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "new", "kept.json")
	var mu sync.Mutex
	made := 0
	get := func() (v int, done bool) {
		done, err := experiment.Once(t.Context(), file, &v, func() error {
			mu.Lock()
			defer mu.Unlock()
			made++
			v = 7
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		return v, done
	}
	failed := errors.New("failed")
	if _, err := experiment.Once(t.Context(), file, new(int), func() error { return failed }); err != failed {
		t.Errorf("got %v", err)
	}
	var group sync.WaitGroup
	for range 3 { // at once
		group.Go(func() { get() })
	}
	group.Wait()
	if v, done := get(); v != 7 || !done || made != 1 {
		t.Errorf("%d, done %v, made %d times", v, done, made)
	}
	if err := os.WriteFile(file, []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := experiment.Once(t.Context(), file, new(int), nil); err == nil || !strings.Contains(err.Error(), "kept.json is damaged, delete it") {
		t.Errorf("got %v", err)
	}
}

// Who waits for another process can be interrupted.
func TestOnceIsInterrupted(t *testing.T) {
	file := filepath.Join(t.TempDir(), "kept.json")
	_, err := experiment.Once(t.Context(), file, new(int), func() error {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := experiment.Once(ctx, file, new(int), nil)
		return err
	})
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "waiting for another process") {
		t.Errorf("got %v", err)
	}
}
