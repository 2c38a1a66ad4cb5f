package imageset_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"normflow/flowlib/imageset"
)

func TestFolderOfClasses(t *testing.T) {
	one, two := pngOf(t, gray(3)), pngOf(t, gray(3))
	dir := folder(t, map[string][]byte{"dog/2.png": one, "dog/1.png": two, "cat/1.png": two, ".cache/x": one, "dog/.x": one})
	if err := os.Symlink(filepath.Join(dir, "cat"), filepath.Join(dir, "link")); err != nil {
		t.Skip("needs links: ", err)
	}
	s, names, err := imageset.ReadFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(names, " "); got != "cat/1.png dog/1.png dog/2.png link/1.png" || !slices.Equal(s.Labels, []int{0, 1, 1, 2}) ||
		!slices.Equal(s.Classes, []string{"cat", "dog", "link"}) || s.Len() != 4 || s.Check() != nil {
		t.Errorf("read %s, %v, %v", got, s.Labels, s.Classes)
	}
	if part := s.Take([]int{3, 1}); !slices.Equal(part.Labels, []int{2, 1}) || len(part.Classes) != 3 {
		t.Errorf("took %v, %v", part.Labels, part.Classes)
	}
}

func TestFolderOfClassesRefuses(t *testing.T) {
	good := pngOf(t, gray(3))
	for want, files := range map[string]map[string][]byte{
		"dog: is a folder beside files, expected PNG files only":   {"a.png": good, "b.png": good, "dog/1.png": good},
		"README: is a file beside folders, expected PNG files":     {"README": good, "dog/1.png": good, "cat/1.png": good},
		"cat/deep: is a folder, expected the PNG files of a class": {"dog/1.png": good, "cat/1.png": good, "cat/deep/1.png": good},
		"cat: the folder is empty":                                 {"dog/1.png": good, "cat/.x": good},
		`as "cat/1.png" has: scale the pictures`:                   {"dog/1.png": pngOf(t, gray(4)), "cat/1.png": good},
		"dog/1.png: is no PNG picture":                             {"dog/1.png": []byte("text of a file"), "cat/1.png": good},
	} {
		s, _, err := imageset.ReadFolder(folder(t, files))
		if err == nil || s != nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("got %v, expected %s", err, want)
		}
	}
}
