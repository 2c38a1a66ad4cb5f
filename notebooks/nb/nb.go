// Package nb holds what a notebook's cell needs besides flowlib: settings that a reader
// may change from outside, and pictures, tables and numbers to show and to store for the
// report. It links no backend; package runs, which trains, does, and so do twins,
// anomalies and pictures, for notebooks 7 to 9. Package measured reads report/measured.
//
// Its functions panic on errors, since a cell shows a panic. What a reader causes, by an
// impossible number or an interrupt, ends in one line.
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
	"normflow/internal/whole"
)

// maxLayers is flow.MaxLayers; importing that would link XLA into every cell.
const maxLayers = 64

// Layers returns the number of coupling layers: FLOW_LAYERS if it is set, else usual,
// where 0 leaves the choice to the fit. An impossible number ends the cell.
func Layers(usual int) int {
	if usual < 0 || usual > maxLayers {
		Refuse("nb.Layers(%d): a flow has from 1 to %d coupling layers", usual, maxLayers)
	}
	return setting("FLOW_LAYERS", usual, maxLayers)
}

// Steps returns the number of training steps: FLOW_STEPS if it is set, else usual.
func Steps(usual int) int { return setting("FLOW_STEPS", usual, 1_000_000_000) }

// LayerCounts returns usual, with FLOW_LAYERS inserted if it is set.
func LayerCounts(usual ...int) []int {
	for _, n := range usual {
		if n < 1 || n > maxLayers {
			Refuse("nb.LayerCounts(%s): a flow has from 1 to %d coupling layers, not %d", strings.Trim(strings.ReplaceAll(fmt.Sprint(usual), " ", ", "), "[]"), maxLayers, n)
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
		Refuse("%s is %q, expected a whole number from 1 to %d", name, text, largest)
	}
	return n
}

// Refuse ends the cell with one line: the stack of a panic would not help.
var Refuse = func(format string, args ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
	os.Exit(1)
}

// Figure shows a picture below the cell, and stores it for the report as name.svg. It is
// sent as an image, not as inline SVG, which JupyterLab removes from notebooks that
// somebody else has executed.
func Figure(name string, svg figure.SVG) {
	gonbui.DisplayHTML(fmt.Sprintf(`<p class="figure"><img alt="%s" src="data:image/svg+xml;base64,%s"></p>`,
		html.EscapeString(Info(name).Description), base64.StdEncoding.EncodeToString(svg)))
	gonbui.Sync()
	Keep(name, svg)
}

// Keep stores a picture for the report without showing it, because the report has it in
// another size.
func Keep(name string, svg figure.SVG) { KeepFile(name+".svg", svg) }

// Save stores values for the report as name.json. It refuses NaN and infinite values,
// which a report must not print.
func Save(name string, values any) {
	KeepFile(name+".json", append(must.M1(json.MarshalIndent(values, "", "  ")), '\n'))
}

// KeepFile writes a result completely or not at all. It writes only when the notebooks
// run for the report, whose folder is FLOW_RESULTS; a reader who explores changes nothing
// there.
func KeepFile(file string, content []byte) {
	dir := os.Getenv("FLOW_RESULTS")
	if dir == "" {
		return
	}
	must.M(os.MkdirAll(dir, 0o777))
	must.M(whole.WriteFile(filepath.Join(dir, file), content))
}
