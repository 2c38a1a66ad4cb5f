// Package nb holds what a notebook's cell needs around flowlib: the settings a
// reader may change from outside, training with a progress bar, and pictures
// and numbers that are shown and kept for the report.
//
// Its functions panic on an error, since a cell shows a panic as it is; what a reader has
// asked for, by a number that cannot be or by an interrupt, ends in one line.
package nb

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/must"

	"normflow/flowlib/figure"
	"normflow/flowlib/flow"
	"normflow/internal/whole"
)

// Layers is the number of coupling layers: FLOW_LAYERS where it is set, else usual, in
// which 0 leaves the choice to what fits. Another number than a flow may have ends the
// cell where it stands.
func Layers(usual int) int {
	if usual < 0 || usual > flow.MaxLayers {
		refuse("nb.Layers(%d): a flow has from 1 to %d coupling layers", usual, flow.MaxLayers)
	}
	return setting("FLOW_LAYERS", usual, flow.MaxLayers)
}

// Steps is the number of training steps: FLOW_STEPS where it is set, else usual.
func Steps(usual int) int { return setting("FLOW_STEPS", usual, 1_000_000_000) }

// LayerCounts is usual, and FLOW_LAYERS among them where it is set, in order.
func LayerCounts(usual ...int) []int {
	for _, n := range usual {
		if n < 1 || n > flow.MaxLayers {
			refuse("nb.LayerCounts(%s): a flow has from 1 to %d coupling layers, not %d", strings.Trim(strings.ReplaceAll(fmt.Sprint(usual), " ", ", "), "[]"), flow.MaxLayers, n)
		}
	}
	counts := append(usual, Layers(usual[0]))
	slices.Sort(counts)
	return slices.Compact(counts)
}

// setting reads a whole number from 1 to largest from the environment.
func setting(name string, usual, largest int) int {
	text := os.Getenv(name)
	if text == "" {
		return usual
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > largest {
		refuse("%s is %q, expected a whole number from 1 to %d", name, text, largest)
	}
	return n
}

// refuse ends the cell with one line, to which the stack of a panic would add nothing.
var refuse = func(format string, args ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
	os.Exit(1)
}

// Figure shows a picture below the cell, and keeps it for the report as name.svg.
// It goes out as an image, not as inline SVG, which JupyterLab strips from a
// notebook that somebody else has executed.
func Figure(name string, svg figure.SVG) {
	gonbui.DisplayHTML(fmt.Sprintf(`<p class="figure"><img alt="%s" src="data:image/svg+xml;base64,%s"></p>`,
		html.EscapeString(Info(name).Description), base64.StdEncoding.EncodeToString(svg)))
	gonbui.Sync()
	Keep(name, svg)
}

// showMarkdown shows text below the cell, and like all that shows something waits until
// it has arrived: what a cell's program sends just before it ends may be lost.
func showMarkdown(text string) {
	gonbui.DisplayMarkdown(text)
	gonbui.Sync()
}

// Keep keeps a picture for the report and does not show it: one that is drawn
// at another size there.
func Keep(name string, svg figure.SVG) { keep(name+".svg", svg) }

// Save keeps values for the report as name.json. Values that are NaN or infinite
// are refused: a report must not print them.
func Save(name string, values any) {
	keep(name+".json", append(must.M1(json.MarshalIndent(values, "", "  ")), '\n'))
}

// keep writes a result whole or not at all. Results are kept only when the
// notebooks run for the report (FLOW_RESULTS names the folder): a reader who
// explores changes nothing there.
func keep(file string, content []byte) {
	dir := os.Getenv("FLOW_RESULTS")
	if dir == "" {
		return
	}
	must.M(os.MkdirAll(dir, 0o777))
	must.M(whole.WriteFile(filepath.Join(dir, file), content))
}
