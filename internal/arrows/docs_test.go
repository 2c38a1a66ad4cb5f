package arrows

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// Every path that docs/architecture.md sends its readers to is there.
func TestPathsOfTheArchitecture(t *testing.T) {
	root := filepath.Join("..", "..")
	page, err := os.ReadFile(filepath.Join(root, "docs", "architecture.md"))
	if err != nil {
		t.Fatal(err)
	}
	paths := regexp.MustCompile("`((?:flowlib|cmd|scripts|internal|report)/[a-zA-Z0-9_./]+)`").FindAllSubmatch(page, -1)
	if len(paths) < 20 {
		t.Errorf("found %d paths, expected many: the test looks for the wrong thing", len(paths))
	}
	for _, path := range paths {
		if name := string(path[1]); name != "report/results/" { // made by make report
			if _, err := os.Stat(filepath.Join(root, name)); err != nil {
				t.Error(err)
			}
		}
	}
}
