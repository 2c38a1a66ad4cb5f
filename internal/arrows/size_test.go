package arrows

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A file holds one idea: what has more lines than this holds two.
func TestFilesAreShort(t *testing.T) {
	const most = 350 // lines
	files := 0
	for _, top := range []string{"flowlib", "internal", "notebooks", "cmd", "scripts"} {
		err := filepath.WalkDir(filepath.Join("..", "..", top), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			files++
			if n := bytes.Count(text, []byte("\n")); n > most && !bytes.HasPrefix(text, []byte("// Code generated ")) {
				t.Errorf("%s has %d lines, expected at most %d: part it by what it is about", path, n, most)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if files < 100 {
		t.Errorf("found %d files: the test looks in the wrong place", files)
	}
}
