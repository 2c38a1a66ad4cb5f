package nb

import (
	"fmt"
	"strings"

	"github.com/janpfeifer/gonb/gonbui"
)

// Markdown shows text below the cell. Like all functions that show something, it waits
// until the text has arrived: what a cell's program sends just before it ends may be
// lost.
func Markdown(text string) {
	gonbui.DisplayMarkdown(text)
	gonbui.Sync()
}

// Table shows rows of plain text, the first being the header.
func Table(rows [][]string) {
	var b strings.Builder
	for i, row := range rows {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
		if i == 0 {
			fmt.Fprintf(&b, "|%s\n", strings.Repeat("---:|", len(row)))
		}
	}
	Markdown(b.String())
}

// Thousands formats a number of at least three digits, grouped.
func Thousands(v float64) string {
	switch {
	case v < 10:
		return fmt.Sprintf("%.2f", v)
	case v < 100:
		return fmt.Sprintf("%.1f", v)
	}
	text := fmt.Sprintf("%.0f", v)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
