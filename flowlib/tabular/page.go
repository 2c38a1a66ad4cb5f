package tabular

import (
	_ "embed"
	"fmt"
	"html/template"
	"strings"

	"normflow/flowlib/table"
	"normflow/internal/htmlpage"
	"normflow/internal/show"
	"normflow/internal/whole"
)

//go:embed page.html
var pageText string

var pageTemplate = htmlpage.Parse(pageText, template.FuncMap{
	"list":    list,
	"add":     func(a, b int) int { return a + b },
	"ofTable": func(reason string) bool { return strings.HasPrefix(reason, comparedIndent) },
})

// CheckPage returns an error if no page can be written to path; reads are the model and
// the table it is about.
func CheckPage(path string, reads ...string) error {
	if table.IsStdout(path) {
		return wrong(OptionOut, "the figures go to the standard output: name a file for the page")
	}
	return checkOut(path, reads...)
}

// WritePage writes an evaluation as one HTML page that contains its pictures, loads
// nothing and runs nothing.
func (m *Model) WritePage(path string, e *Evaluation) error {
	var b strings.Builder
	err := pageTemplate.Execute(&b, map[string]any{
		"E": e, "M": m, "R": m.Record, "Name": m.Saved.Name(), "Parameters": m.Saved.Parameters(), "Members": m.Saved.Members,
		"Pictures": m.pictures(e), "SHA256": m.Saved.SHA256,
	})
	if err != nil {
		return fmt.Errorf("%s: %w", show.Path(path), err)
	}
	if err := whole.WriteFile(path, []byte(show.Text(b.String()))); err != nil {
		return fmt.Errorf("%s: cannot be written: %w", show.Path(path), err)
	}
	return nil
}
