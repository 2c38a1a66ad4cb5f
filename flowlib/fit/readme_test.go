package fit_test

import (
	"os"
	"strings"
	"testing"
)

// The program in the README is the checked Example, line for line, with its imports.
func TestReadmeShowsTheExample(t *testing.T) {
	example := between(t, "example_test.go", "func ExampleToData() {\n", "\t// Output:")
	readme := between(t, "../../README.md", "func main() {\n", "\n}\n```")
	if strings.TrimSpace(readme) != strings.TrimSpace(example) {
		t.Errorf("the README shows\n%s\n\nthe Example runs\n%s", readme, example)
	}
	imports := between(t, "example_test.go", "import (\n", "\n)\n")
	for _, line := range strings.Fields(between(t, "../../README.md", "import (\n", "\n)\n")) {
		name := strings.Trim(line[strings.LastIndex(line, "/")+1:], `"`)
		if !strings.Contains(imports, line) || !strings.Contains(readme, name+".") {
			t.Errorf("the README imports %s, which its program does not use, or the Example does not import", line)
		}
	}
}

func between(t *testing.T, file, start, end string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), start)
	part, _, foundEnd := strings.Cut(rest, end)
	if !found || !foundEnd {
		t.Fatalf("%s: no text between %q and %q", file, start, end)
	}
	return part
}
