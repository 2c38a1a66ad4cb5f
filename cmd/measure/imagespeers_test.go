package main

import (
	"os"
	"strings"
	"testing"

	"normflow/flowlib/imageset"
	"normflow/internal/origin"
)

// peerStub makes a program that answers as scripts/peers/images.py does.
func peerStub(t *testing.T, answer string) string {
	path := t.TempDir() + "/python"
	if err := os.WriteFile(path, []byte("#!/bin/sh\necho \"$@\" >&2\n"+answer+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// Both libraries are timed in turns with ours, whose ratio is of pictures a second.
func TestImagesSpeeds(t *testing.T) {
	if testing.Short() {
		t.Skip("left out with -short")
	}
	texture := imageset.Texture{Height: 2, Width: 2, Levels: 5}
	s := &imagesSplit{train: texture.Draw(1, 40), valid: texture.Draw(2, 2), test: texture.Draw(3, 2), python: peerStub(t, `echo '{"per_second": 100, "params": 7, "version": "1"}'`)}
	all := imagesSpeeds
	t.Cleanup(func() { imagesSpeeds = all })
	imagesSpeeds = imagesSpeeds[:0:0]
	for _, what := range all[1:] {
		what.batch = 8
		imagesSpeeds = append(imagesSpeeds, what)
	}
	r := imagesRun{python: s.python, reps: 1, secs: 0.1, write: func(any) error { return nil }}
	if err := r.speeds(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if len(r.rows) != 6 {
		t.Fatalf("%d rows, expected 2 tasks beside 3 libraries", len(r.rows))
	}
	for i, row := range r.rows {
		s := row.(imagesSpeed)
		if s.Task != []string{"train", "sample"}[i/3] || s.Lib != []string{"normflows", "nflows", "jax"}[i%3] || s.Others != 7 || s.Parameters < 1 ||
			!(s.Ours > 0) || !(s.Low > 0 && s.Low <= s.Ratio && s.Ratio <= s.High) {
			t.Errorf("row %d: %+v", i, s)
		}
	}
}

// Another library gets the time of our training; what it says goes into a row, what it
// complains of into the error.
func TestImagesPeer(t *testing.T) {
	texture := imageset.Texture{Height: 2, Width: 2, Levels: 5}
	s := &imagesSplit{train: texture.Draw(1, 4), valid: texture.Draw(2, 2), test: texture.Draw(3, 3), python: peerStub(t, `echo '{"bits_per_dim": 2.5, "test": 3}'`)}
	if _, err := s.peer(t.Context(), "nflows"); err == nil || !strings.Contains(err.Error(), "add flow") {
		t.Errorf("without our training: %v", err)
	}
	s.cpu = 12.5
	if r, err := s.peer(t.Context(), "nflows"); err != nil || r.PerDim != 2.5 || r.Model != "nflows" || r.Test != 3 {
		t.Errorf("%+v, %v", r, err)
	}
	s.python = peerStub(t, "exit 3")
	if _, err := s.peer(t.Context(), "nflows"); err == nil || !strings.Contains(err.Error(), "--lib nflows") || !strings.Contains(err.Error(), "--seconds 12.5 --threads 1\n") {
		t.Errorf("%v", err)
	}
}

// A model that fails is told of at the end, and the others go on.
func TestImagesGoOn(t *testing.T) {
	r := imagesRun{seeds: []int64{0, 1}, parts: []string{"peers"}, python: peerStub(t, "exit 3")}
	err := r.measure(t.Context(), origin.Origin{}, func(any) error { return nil })
	if err == nil || strings.Count(err.Error(), "add flow") != 3 || !strings.Contains(err.Error(), "seed 1") {
		t.Errorf("%v", err)
	}
}
