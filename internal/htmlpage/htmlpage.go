// Package htmlpage holds what the pages of the commands have in common: how they look, and
// how they write numbers and names.
package htmlpage

import (
	_ "embed"
	"fmt"
	"html/template"

	"normflow/internal/show"
)

//go:embed style.css
var style string

// Parse parses the template of a page. It knows style, which belongs in the element of
// that name, name, which makes a name from a file harmless, f and g, which write a number
// with so many digits, and percent.
func Parse(text string, more template.FuncMap) *template.Template {
	return template.Must(template.New("page").Funcs(template.FuncMap{
		"style":   func() template.CSS { return template.CSS(style) },
		"name":    show.Name,
		"f":       func(digits int, v float64) string { return fmt.Sprintf("%.*f", digits, v) },
		"g":       func(digits int, v float64) string { return fmt.Sprintf("%.*g", digits, v) },
		"percent": func(v float64) string { return fmt.Sprintf("%.1f %%", 100*v) },
	}).Funcs(more).Parse(text))
}
