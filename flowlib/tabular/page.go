package tabular

import (
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/renameio/v2"

	"normflow/flowlib/table"
	"normflow/internal/show"
)

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"f":       func(digits int, v float64) string { return fmt.Sprintf("%.*f", digits, v) },
	"g":       func(digits int, v float64) string { return fmt.Sprintf("%.*g", digits, v) },
	"list":    list,
	"name":    show.Name,
	"add":     func(a, b int) int { return a + b },
	"percent": func(v float64) string { return fmt.Sprintf("%.1f %%", 100*v) },
}).Parse(pageText))

// CheckPage returns an error where no page about the table in can be written to,
// before there is one.
func CheckPage(path, in string) error {
	if table.IsStdout(path) {
		return errors.New("--out: the figures go to the standard output: name a file for the page")
	}
	if err := checkOut(in, path); err != nil {
		return err
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return fmt.Errorf("%s: is a folder: name a file in it", path)
	}
	if _, err := os.Stat(filepath.Dir(path)); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: cannot be written: there is no folder %s: make it, or name another", path, filepath.Dir(path))
	}
	return nil
}

// WritePage writes an evaluation as one HTML page with its pictures in it, which
// fetches nothing and runs nothing.
func (m *Model) WritePage(path string, e *Evaluation) error {
	var b strings.Builder
	err := pageTemplate.Execute(&b, map[string]any{
		"E": e, "M": m, "R": m.Record, "C": m.Saved.Config, "Name": m.Saved.Config.Name(), "Parameters": m.Saved.Parameters,
		"Pictures": m.pictures(e), "SHA256": m.Saved.SHA256,
	})
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := writeFile(path, []byte(show.Text(b.String()))); err != nil {
		return fmt.Errorf("%s: cannot be written: %w", path, err)
	}
	return nil
}

// writeFile replaces a plain file; a device or a pipe is written to as it stands, and
// a link stays.
func writeFile(path string, content []byte) error {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return os.WriteFile(path, content, 0)
	}
	return renameio.WriteFile(path, content, 0o644)
}
