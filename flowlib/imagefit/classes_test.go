package imagefit

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"normflow/flowlib/fit"
	"normflow/flowlib/imageflow"
	"normflow/flowlib/imagelayer"
	"normflow/flowlib/imageset"
)

func TestClassesOfDraws(t *testing.T) {
	r := &Record{Config: imageflow.Config{Classes: 3}, Classes: []string{"a", "b", "c"}, Shares: []float64{0.2, 0.5, 0.3}}
	rows, err := r.contexts("", 10000, 1)
	if err != nil || len(rows) != 10000 {
		t.Fatal(len(rows), err)
	}
	var found [3]int
	last := 0
	for _, row := range rows {
		at := slices.Index(row, 1)
		if at < last {
			t.Fatal("classes are not sorted")
		}
		last = at
		found[at]++
	}
	for i, want := range []int{2000, 5000, 3000} { // within five standard errors
		if n := found[i]; n < want-250 || n > want+250 {
			t.Errorf("class %d is drawn %d times, expected about %d", i, n, want)
		}
	}
	if rows, err := r.contexts("b", 7, 1); err != nil || len(rows) != 1 || !slices.Equal(rows[0], []float64{0, 1, 0}) {
		t.Errorf("of one class: %v, %v", rows, err)
	}
	if _, err := r.contexts("d", 7, 1); err == nil || !strings.Contains(err.Error(), `no class "d"`) {
		t.Error(err)
	}
	if _, err := (&Record{}).contexts("d", 7, 1); err == nil || !strings.Contains(err.Error(), "knows no classes") {
		t.Error(err)
	}
}

// Edited records are refused.
func TestCheckClasses(t *testing.T) {
	for i, r := range []Record{
		{Config: imageflow.Config{Classes: 2}, Classes: []string{"a"}, Shares: []float64{1}},
		{Config: imageflow.Config{Classes: 2}, Classes: []string{"a", "b"}, Shares: []float64{1}},
		{Config: imageflow.Config{Classes: 2}, Classes: []string{"a", ""}, Shares: []float64{0.5, 0.5}},
		{Config: imageflow.Config{Classes: 2}, Classes: []string{"a", "a"}, Shares: []float64{0.5, 0.5}},
		{Config: imageflow.Config{Classes: 2}, Classes: []string{"a", "b"}, Shares: []float64{1, 0}},
		{Config: imageflow.Config{Classes: 2}, Classes: []string{"a", "b"}, Shares: []float64{0.5, 0.6}},
	} {
		if err := r.checkClasses(); err == nil {
			t.Errorf("record %d is taken", i)
		}
	}
	good := Record{Config: imageflow.Config{Classes: 2}, Classes: []string{"a", "b"}, Shares: []float64{0.25, 0.75}}
	if err := good.checkClasses(); err != nil {
		t.Error(err)
	}
}

// halves are pictures of two classes: dark and bright.
func halves(t *testing.T, n int) string {
	t.Helper()
	s := imageset.Texture{Height: 2, Width: 2, Levels: 4}.Draw(1, n)
	dir := filepath.Join(t.TempDir(), "halves")
	for class, name := range []string{"dark", "bright"} {
		part := s.Take([]int{})
		for i := class; i < n; i += 2 {
			for _, v := range s.Picture(i) {
				part.Pixels = append(part.Pixels, v/2+byte(2*class))
			}
		}
		if err := WriteDraws(filepath.Join(dir, name)+"/", part); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(dir, name, "contact.png")); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestUntaught(t *testing.T) {
	s := &imageset.Set{Shape: imagelayer.Shape{Height: 1, Width: 1, Channels: 1}, Levels: 2, Pixels: []byte{0, 1, 0}, Labels: []int{0, 2, 0}, Classes: []string{"a", "b", "c"}}
	if err := untaught(s); err == nil || !strings.Contains(err.Error(), `no picture of class "b" is among the 3`) {
		t.Error(err)
	}
	s.Labels[2] = 1
	if err := untaught(s); err != nil {
		t.Error(err)
	}
	s.Labels[1] = 1
	if err := untaught(s); err == nil || !strings.Contains(err.Error(), `class "c"`) {
		t.Error(err)
	}
}

func TestFileNamesOfClasses(t *testing.T) {
	for class, want := range map[string]string{"a/b c": "a_b_c", "größe-1.5": "größe-1.5", strings.Repeat("ü", 300): strings.Repeat("ü", 30)} {
		if got := inFileName(class); got != want {
			t.Errorf("%q becomes %q, expected %q", class, got, want)
		}
	}
}

// A flow of classes recognizes them, draws them, and ends with the same weights if its fit
// is interrupted and resumed.
func TestFitOfClasses(t *testing.T) {
	if testing.Short() {
		t.Skip("left out with -short")
	}
	pictures := halves(t, 400)
	c := FitConfig{Valid: 0.1, Test: 0.1, Engine: "go", Steps: 150}
	dir := filepath.Join(filepath.Dir(pictures), "m")
	if _, err := Fit(context.Background(), pictures, dir, c, func(string) {}, nil); err != nil {
		t.Fatal(err)
	}
	m, err := Open(dir, "go")
	if err != nil {
		t.Fatal(err)
	}
	s, _, err := m.Score(pictures)
	if err != nil || s.Given == nil || !(s.Recognized > 0.95 && s.Recognized <= 1) || !(s.Given.PerDim < s.PerDim) || len(s.Class) != 400 {
		t.Fatalf("%+v, %v", s, err)
	}
	if err := os.Rename(filepath.Join(pictures, "dark"), filepath.Join(pictures, "dim")); err != nil {
		t.Fatal(err)
	}
	if r, _, err := m.Score(pictures); err != nil || r.Given != nil || !strings.Contains(r.Unknown, `no class "dim"`) || r.PerDim != s.PerDim {
		t.Errorf("with a class that it does not know: %+v, %v", r, err)
	}
	if err := os.Rename(filepath.Join(pictures, "dim"), filepath.Join(pictures, "dark")); err != nil {
		t.Fatal(err)
	}
	drawn, err := m.Sample(64, "bright", 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	dark := 0
	for _, v := range drawn.Pixels {
		if v < 150 { // of 170 and 255
			dark++
		}
	}
	if dark > len(drawn.Pixels)/4 { // without the class half of them would be
		t.Errorf("%d of %d pixels of bright draws are dark", dark, len(drawn.Pixels))
	}
	other := filepath.Join(t.TempDir(), "m")
	ctx, stop := context.WithCancel(context.Background())
	_, err = Fit(ctx, pictures, other, c, func(string) {}, func(fit.Point, fit.Config) { stop() })
	var stopped *InterruptedError
	if !errors.As(err, &stopped) || stopped.Checkpoint != other+".checkpoint" {
		t.Fatalf("got %v", err)
	}
	if _, err := Fit(context.Background(), pictures, other, c, func(string) {}, nil); err == nil || !strings.Contains(err.Error(), "the checkpoint of an interrupted fit lies here") {
		t.Errorf("begun afresh over a checkpoint: %v", err)
	}
	c.Resume = true
	if _, err := Fit(context.Background(), pictures, other, c, func(string) {}, nil); err != nil {
		t.Fatal(err)
	}
	again, err := Open(other, "go")
	if err != nil {
		t.Fatal(err)
	}
	if r, _, err := again.Score(pictures); err != nil || !slices.Equal(r.LogProb, s.LogProb) {
		t.Errorf("resumed, it scores otherwise: %v", err)
	}
	if files, err := os.ReadDir(filepath.Dir(other)); err != nil || len(files) != 1 {
		t.Errorf("left %v, %v", files, err)
	}
}
