package runs

import (
	"context"
	"errors"
	"fmt"
	"html"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/must"

	"normflow/flowlib/fit"
	"normflow/notebooks/nb"
)

// Bar is the progress bar of a training below the cell.
type Bar struct {
	id, name string
	step     int // last one shown
}

// NewBar returns a bar that is shown with the first step.
func NewBar(name string) *Bar { return &Bar{id: gonbui.UniqueId(), name: html.EscapeString(name)} }

// Step implements [fit.Progress].
func (b *Bar) Step(p fit.Point, of fit.Config) {
	b.step = p.Step
	b.show(fmt.Sprintf(`%s <progress value="%d" max="%d"></progress> step %d of %d, validation NLL %.4f nats`,
		b.name, p.Step, of.Steps, p.Step, of.Steps, p.Valid))
}

// Check ends the cell if err is that of an interrupted training, and panics on any other.
func (b *Bar) Check(err error) {
	if errors.Is(err, context.Canceled) {
		nb.Refuse("stopped at step %d; run the cell again to go on", b.step)
	}
	must.M(err)
}

// End replaces the bar by a line about the finished training.
func (b *Bar) End(format string, args ...any) {
	b.show(b.name + ": " + html.EscapeString(fmt.Sprintf(format, args...)))
}

func (b *Bar) show(line string) {
	gonbui.UpdateHTML(b.id, "<div>"+line+"</div>")
	gonbui.Sync()
}
