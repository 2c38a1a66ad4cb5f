package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"normflow/flowlib/fit"
)

// progress shows how training goes: as a bar if w is a terminal, else as a line for each
// tenth of the steps.
type progress struct {
	w        io.Writer
	terminal bool
	start    time.Time
	tenth    int
}

func newProgress(f *os.File) *progress {
	return &progress{w: f, terminal: term.IsTerminal(int(f.Fd())), start: time.Now()}
}

// step implements [fit.Progress].
func (p *progress) step(point fit.Point, of fit.Config) {
	text := fmt.Sprintf("step %*d of %d  NLL %8.4f training  %8.4f validation  %s",
		len(fmt.Sprint(of.Steps)), point.Step, of.Steps, point.Train, point.Valid, time.Since(p.start).Round(time.Second))
	if p.terminal {
		const width = 24
		done := width * point.Step / of.Steps
		fmt.Fprintf(p.w, "\r\x1b[K[%s%s] %s", strings.Repeat("█", done), strings.Repeat("·", width-done), text)
		return
	}
	if tenth := 10 * point.Step / of.Steps; tenth > p.tenth {
		p.tenth = tenth
		fmt.Fprintln(p.w, text)
	}
}

// end leaves the cursor on a new line.
func (p *progress) end() {
	if p.terminal {
		fmt.Fprintln(p.w)
	}
}
