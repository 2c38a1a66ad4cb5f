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
	"normflow/flowlib/imageset"
)

func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLabel(t *testing.T) {
	four := func() *imageset.Set { return imageset.Texture{Height: 2, Width: 2, Levels: 5}.Draw(1, 4) }
	for text, want := range map[string][]string{
		"10\n9\n9\n10\n":            {"9", "10"},
		"cat\ndog\n\"a b\"\ncat":    {"a b", "cat", "dog"},
		"label\nx\n2\nx\n1\n":       {"1", "2", "x"},
		"class\n0.5\n-1\n0.5\n1e3 ": {"-1", "0.5", "1e3"},
	} {
		s := four()
		if err := Label(s, file(t, "y.csv", text)); err != nil || !slices.Equal(s.Classes, want) || s.Check() != nil {
			t.Errorf("%q: %q, %v", text, s.Classes, err)
		}
	}
	s := four()
	if err := Label(s, file(t, "y.csv", "b\na\na\nc\n")); err != nil || !slices.Equal(s.Labels, []int{1, 0, 0, 2}) {
		t.Errorf("%v, %v", s.Labels, err)
	}
	for want, text := range map[string]string{
		"has 3 rows, expected a class for each of 4 pictures": "1\n2\n3\n",
		"has 2 columns, expected one":                         "1,2\n2,3\n4,5\n6,7\n",
		"has 1 classes, expected 2 to 256":                    "a\na\na\na\n",
		"y.csv: ":                                             "",
	} {
		if err := Label(four(), file(t, "y.csv", text)); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: got %v, expected %s", text, err, want)
		}
	}
	s.Labels = []int{0, 0, 0, 0}
	if err := Label(s, file(t, "y.csv", "1\n2\n3\n4\n")); err == nil || !strings.Contains(err.Error(), "have classes already") {
		t.Errorf("labelled twice: %v", err)
	}
}

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
	if err != nil || s.Given == nil || !(s.Recognized > 0.95) || !(s.Given.PerDim < s.PerDim+0.01) || len(s.Class) != 400 {
		t.Fatalf("%+v, %v", s, err)
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
