package imagefit

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

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
		"c\na\na\nc":                {"a", "c"},
		"class\n0.5\n-1\n0.5\n1e3 ": {"-1", "0.5", "1e3"},
	} {
		s := four()
		if err := Label(s, file(t, "y.csv", text)); err != nil || !slices.Equal(s.Classes, want) || s.Check() != nil {
			t.Errorf("%q: %q, %v", text, s.Classes, err)
		}
	}
	s := four()
	if err := Label(s, file(t, "y.csv", "b\na\na\nb\n")); err != nil || !slices.Equal(s.Labels, []int{1, 0, 0, 1}) {
		t.Errorf("%v, %v", s.Labels, err)
	}
	for want, text := range map[string]string{
		"has 3 rows, expected a class for each of 4 pictures":                                                   "1\n2\n3\n",
		`has 3 rows below "label" (if "label" is a class, put a name above it), expected a class for each of 4`: "label\n1\n2\n3\n",
		"has 5 rows, expected a class for each of 4 pictures":                                                   "a\nb\na\nb\na\n",
		`row 2 of 4: found "NaN", expected the class`:                                                           "1\nNaN\n3\n2\n",
		`row 3 of 4: found "", expected the class`:                                                              "label\na\nb\n\"\"\na\n",
		"has 2 columns, expected one":                                                                           "1,2\n2,3\n4,5\n6,7\n",
		"has 1 classes, expected 2 to 256":                                                                      "a\na\na\na\n",
		"y.csv: ":                                                                                               "",
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
