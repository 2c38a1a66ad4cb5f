package fast_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Rounding to float32 hides what is wrong with a formula by less. So the text of the
// engine and of the plain kernels, which is what the others are held to, is compiled a
// second time with float64 in the place of float32, and the tests of the zoo run on that:
// gradients to 1e-9 of automatic differentiation, and by what is left beside the tangent.
func TestInDouble(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles the engine")
	}
	dir := t.TempDir()
	replace := map[string]string{}
	add := func(from, to string, change func(string) string) {
		text, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		to, err = filepath.Abs(filepath.Join(to, "double", filepath.Base(from)))
		if err != nil {
			t.Fatal(err)
		}
		written := filepath.Join(dir, strings.ReplaceAll(to, string(filepath.Separator), "_"))
		if err := os.WriteFile(written, []byte(change(string(text))), 0o644); err != nil {
			t.Fatal(err)
		}
		replace[to] = written
	}
	for _, folder := range []string{".", "../../internal/kernel"} {
		for _, name := range goFiles(t, folder) {
			tested := name == "zoo_test.go" || name == "chain_test.go" || name == "export_test.go"
			forOne := strings.HasSuffix(name, "_amd64.go") || strings.HasSuffix(name, "_arm64.go")
			if !forOne && (tested || !strings.HasSuffix(name, "_test.go")) {
				add(filepath.Join(folder, name), folder, inDouble)
			}
		}
	}
	for _, name := range goFiles(t, "testdata/double") {
		add(filepath.Join("testdata/double", name), ".", func(text string) string { return text })
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "overlay.json"), overlay, 0o644); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "double.test")
	build := exec.Command("go", "test", "-c", "-vet=off", "-overlay", filepath.Join(dir, "overlay.json"), "-o", program, "normflow/flowlib/fast/double")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}
	run := exec.Command(program)
	run.Dir = dir
	if out, err := run.CombinedOutput(); err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}
}

// inDouble is the text of a file of the engine with float64 for float32, and the places
// in splines in as many more digits.
func inDouble(text string) string {
	text = buildConstraint.ReplaceAllString(text, "")
	text = float32Word.ReplaceAllString(text, "float64")
	text = ownPackages.ReplaceAllString(text, `"normflow/$1/double"`)
	if digits := "const unit = 1 << 30"; strings.Contains(text, digits) {
		text = strings.ReplaceAll(strings.ReplaceAll(text, digits, "const unit = 1 << 50"), "int32", "int64")
	}
	return text
}

var (
	buildConstraint = regexp.MustCompile(`(?m)^//go:build .*$`)
	float32Word     = regexp.MustCompile(`\bfloat32\b`)
	ownPackages     = regexp.MustCompile(`"normflow/(internal/kernel|flowlib/fast)"`)
)

func goFiles(t *testing.T, folder string) (names []string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s has no Go files: %v", folder, err)
	}
	for _, path := range paths {
		names = append(names, filepath.Base(path))
	}
	return names
}
