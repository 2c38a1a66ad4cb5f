package runs

import (
	"context"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"html/template"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/comms"
	"github.com/janpfeifer/must"

	"normflow/flowlib/dataset"
	"normflow/notebooks/explore"
	"normflow/notebooks/nb"
)

//go:embed explore.html
var explorePage string

// Explore shows a playground below the cell: controls for the data, the flow and its
// training, and a picture that moves while the flow learns. It begins with the named
// density, and lasts until its button Done is pressed or the cell is interrupted; the
// last picture stays. Without a page to play on it shows the picture of one training.
func Explore(data string) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	s := explore.Default(data)
	s.Layers, s.Steps = min(nb.Layers(s.Layers), explore.MaxLayers), nb.Steps(s.Steps)
	p := playground{id: "flow_explore_" + gonbui.UniqueId(), picture: gonbui.UniqueId()}
	var last explore.Picture
	if headless() {
		last = must.M1(explore.Still(ctx, s))
	} else {
		last = p.run(ctx, s)
	}
	p.show(last)
	if ctx.Err() != nil {
		nb.Refuse("stopped; run the cell again to play on")
	}
}

// headless reports whether nobody watches the notebook run.
func headless() bool { return os.Getenv("FLOW_HEADLESS") == "1" || !gonbui.IsNotebook }

// playground is the page's side of [Explore].
type playground struct {
	id      string // of the controls, and of the address they send to
	picture string // of the output with the pictures
}

// answerWithin is how long a page may take to send its controls.
const answerWithin = 45 * time.Second

// run lets the reader play. The first training begins before the controls have answered.
func (p playground) run(ctx context.Context, s explore.Settings) explore.Picture {
	box := newMailbox()
	box.put(explore.Controls{Settings: s, Place: explore.End}, 0)
	page := p.id + "_page"
	gonbui.UpdateHTML(page, p.controls(s))
	p.show(explore.Picture{Line: "The first training begins …", Running: true})
	comms.Subscribe(p.id, func(_, text string) {
		var message struct {
			explore.Controls
			Number int64 `json:"number"`
		}
		if err := json.Unmarshal([]byte(text), &message); err == nil {
			box.put(message.Controls, message.Number)
		}
	})
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go p.wake(ctx, cancel, box)
	last := explore.Live(ctx, box.c, p.show)
	gonbui.UpdateHTML(page, "<p>"+box.farewell()+"</p>")
	return last
}

// wake asks for the connection to the page until the page has answered, and finally gives
// up: a cell that nobody can answer must not last forever.
func (p playground) wake(ctx context.Context, giveUp func(), box *mailbox) {
	deadline := time.After(answerWithin)
	for wait := 5 * time.Second; ; wait *= 2 { // the connection gets three attempts
		select {
		case <-box.answered:
			return
		case <-ctx.Done():
			return
		case <-deadline:
			giveUp()
			return
		case <-time.After(wait):
			comms.Start()
		}
	}
}

// show replaces the picture.
func (p playground) show(picture explore.Picture) {
	gonbui.UpdateHTML(p.picture, pictureHTML(picture))
	gonbui.Sync()
}

// pictureHTML returns an image, as [nb.Figure] shows it, which is decoded before it is
// swapped.
func pictureHTML(p explore.Picture) string {
	line := fmt.Sprintf(`<p class="flow-explore-line" data-running="%v">%s</p>`, p.Running, html.EscapeString(p.Line))
	if p.SVG == nil {
		return line
	}
	return fmt.Sprintf(`<p class="figure"><img class="flow-explore-picture" decoding="sync" width="960" height="262" style="max-width:100%%;height:auto" alt="%s" src="data:image/svg+xml;base64,%s"></p>%s`,
		html.EscapeString(p.Description), base64.StdEncoding.EncodeToString(p.SVG), line)
}

// controls returns the controls of the page, set to s.
func (p playground) controls(s explore.Settings) string {
	var names []string
	for _, d := range dataset.Densities() {
		names = append(names, d.Name)
	}
	var b strings.Builder
	must.M(template.Must(template.New("").Parse(explorePage)).Execute(&b, map[string]any{
		"ID": p.id, "Now": s, "Data": names, "Layers": explore.MaxLayers,
		"Widths": explore.Widths, "Bases": explore.Bases, "Couplings": explore.Couplings,
	}))
	return b.String()
}

// mailbox holds the latest controls until they are read. Messages may overtake each
// other, so they carry numbers, and a page sends the same ones repeatedly.
type mailbox struct {
	c        chan explore.Controls
	answered chan struct{} // closed by the page's first message

	mu     sync.Mutex
	number int64
}

func newMailbox() *mailbox {
	return &mailbox{c: make(chan explore.Controls, 1), answered: make(chan struct{}), number: -1}
}

// farewell returns what replaces the controls at the end.
func (b *mailbox) farewell() string {
	select {
	case <-b.answered:
		return "The playground is closed: run the cell again to play on."
	default:
		return "The controls did not answer: they need JupyterLab as <code>make lab</code> starts it, in a browser."
	}
}

func (b *mailbox) put(c explore.Controls, number int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if number <= b.number {
		return
	}
	if b.number <= 0 && number > 0 {
		close(b.answered)
	}
	b.number = number
	select {
	case <-b.c:
	default:
	}
	b.c <- c
}
