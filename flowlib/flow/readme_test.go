package flow_test

import (
	"os"
	"strings"
	"testing"
)

// The program in the README is the checked Example, line for line.
func TestReadmeShowsTheExample(t *testing.T) {
	example := between(t, "example_test.go", "func Example() {\n", "\t// Output:")
	readme := between(t, "../../README.md", "func main() {\n", "\n}\n```")
	if strings.TrimSpace(readme) != strings.TrimSpace(example) {
		t.Errorf("the README shows\n%s\n\nthe Example runs\n%s", readme, example)
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
