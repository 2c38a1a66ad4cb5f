package imagefit

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/imagelayer"
	"normflow/flowlib/imageset"
)

func TestMain(m *testing.M) { backendtest.Main(m) }

func write(t *testing.T, s *imageset.Set) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.npy")
	if err := WriteDraws(path, s); err != nil {
		t.Fatal(err)
	}
	return path
}

// Whoever presses Ctrl-C at once finds no model, and no trace of one.
func TestInterruptedFitLeavesNothing(t *testing.T) {
	path := write(t, imageset.Texture{Height: 2, Width: 2, Levels: 5}.Draw(1, 60))
	ctx, stop := context.WithCancel(context.Background())
	stop()
	_, err := Fit(ctx, path, filepath.Join(filepath.Dir(path), "m"), FitConfig{Valid: 0.1, Test: 0.1, Engine: "go"}, func(string) {}, nil)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if files, err := os.ReadDir(filepath.Dir(path)); err != nil || len(files) != 1 {
		t.Errorf("left %v, %v", files, err)
	}
}

func TestFitRefuses(t *testing.T) {
	good := write(t, imageset.Texture{Height: 2, Width: 2, Levels: 5}.Draw(1, 60))
	odd := write(t, imageset.Texture{Height: 3, Width: 2, Levels: 5}.Draw(1, 60))
	few := write(t, imageset.Texture{Height: 2, Width: 2, Levels: 5}.Draw(1, 49))
	blank := imageset.Texture{Height: 2, Width: 2, Levels: 5}.Draw(1, 60)
	clear(blank.Pixels)
	same := write(t, blank)
	for want, c := range map[string]struct {
		path   string
		config FitConfig
	}{
		"2×3 pixels, expected even numbers: cut or scale them, such as to 2×4": {odd, FitConfig{Valid: 0.1}},
		"found 49 pictures, expected at least 50":                              {few, FitConfig{Valid: 0.1}},
		"less than 1 for both, found 0.5 and 0.5":                              {good, FitConfig{Valid: 0.5, Test: 0.5}},
		"a share above 0 for validation":                                       {good, FitConfig{}},
		"expected at least 1 step, found -5":                                   {good, FitConfig{Valid: 0.1, Steps: -5}},
		"expected a positive learning rate, found -0.001":                      {good, FitConfig{Valid: 0.1, LearningRate: -0.001}},
		"the engine fast has no layers for pictures: use auto":                 {good, FitConfig{Valid: 0.1, Engine: "fast"}},
		"leave 1 of 60 pictures":                                               {good, FitConfig{Valid: 0.5, Test: 0.49}},
		"no such file or directory":                                            {good + "x", FitConfig{Valid: 0.1}},
		"all 60 pictures are the same":                                         {same, FitConfig{Valid: 0.1}},
	} {
		c.config.Engine, c.config.Steps = cmp.Or(c.config.Engine, "go"), cmp.Or(c.config.Steps, 1)
		_, err := Fit(context.Background(), c.path, filepath.Join(t.TempDir(), "m"), c.config, func(string) {}, nil)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("got %v, expected %s", err, want)
		}
	}
}

// A folder of draws is read back as it was drawn, but for the spread of its levels.
func TestDrawsComeBack(t *testing.T) {
	s := imageset.Texture{Height: 3, Width: 4, Levels: 6}.Draw(1, 12)
	dir := filepath.Join(t.TempDir(), "draws")
	if err := WriteDraws(dir+"/", s); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "contact.png")); err != nil {
		t.Fatal(err)
	}
	back, names, err := Read(dir)
	if err != nil || names[0] != "01.png" || back.Shape != s.Shape || back.Len() != 12 {
		t.Fatalf("%v, %v, %v", back, names, err)
	}
	for i, v := range s.Pixels {
		if int(back.Pixels[i]) != 51*int(v) {
			t.Fatalf("pixel %d: %d came back as %d", i, v, back.Pixels[i])
		}
	}
	if !IsPictures(dir) || !IsPictures(write(t, s)) || IsPictures(filepath.Join(dir, "01.png")) || IsModel(dir) {
		t.Error("pictures and others are not told apart")
	}
	if err := CheckDraws(dir + "/"); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("got %v", err)
	}
	if err := CheckDraws("draws.csv"); err == nil || !strings.Contains(err.Error(), "with / at its end") {
		t.Errorf("got %v", err)
	}
	rgb := &imageset.Set{Shape: imagelayer.Shape{Height: 1, Width: 1, Channels: 3}, Levels: 256, Pixels: []byte{1, 2, 3}}
	if err := WriteDraws(filepath.Join(t.TempDir(), "x.png"), rgb); err != nil {
		t.Error(err)
	}
}
