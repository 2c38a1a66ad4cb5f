package explore

import (
	"context"
	"fmt"
	"time"
)

// Controls holds everything a reader can set while a flow trains.
type Controls struct {
	Settings
	Place
	Stopped bool `json:"stopped"` // the training is paused
	Done    bool `json:"done"`    // everything ends
}

// pictureEvery is the time between two pictures, if drawing is fast enough.
const pictureEvery = 80 * time.Millisecond

// Live trains flows by the latest of the controls, until they say Done, the context ends
// or the channel is closed, and returns the last picture. New settings start another
// training at once. Each picture is passed to show. An error of a training becomes the
// line of a picture without SVG; then Live waits for other settings.
func Live(ctx context.Context, controls <-chan Controls, show func(Picture)) Picture {
	l := &live{show: show, scenes: map[string]*scene{}}
	for {
		if l.running() {
			select {
			case c, ok := <-controls:
				if !l.take(c, ok) {
					return l.end()
				}
			case <-ctx.Done():
				return l.end()
			default:
				l.work()
			}
			continue
		}
		l.draw() // paused
		select {
		case c, ok := <-controls:
			if !l.take(c, ok) {
				return l.end()
			}
		case <-ctx.Done():
			return l.end()
		}
	}
}

// live is a running [Live].
type live struct {
	show    func(Picture)
	scenes  map[string]*scene // by name of the density
	now     Controls
	session *session // nil before the first controls, and after an error
	stale   bool     // the last picture is out of date
	drawn   time.Time
	last    Picture
}

func (l *live) running() bool {
	return l.session != nil && !l.session.done() && !l.now.Stopped
}

// take follows the controls; it returns false at the end.
func (l *live) take(c Controls, ok bool) bool {
	if !ok || c.Done {
		return false
	}
	changed := l.drawn.IsZero() || c.Settings != l.now.Settings
	if !changed && c == l.now {
		return true
	}
	l.now, l.stale = c, true
	if changed {
		l.start()
	}
	if changed || time.Since(l.drawn) >= pictureEvery {
		l.draw()
	}
	return true
}

// start begins a training with the current settings.
func (l *live) start() {
	l.session, l.stale = nil, false
	in := l.scenes[l.now.Data]
	if in == nil {
		var err error
		if in, err = newScene(l.now.Data); err != nil {
			l.fail(fmt.Errorf("explore: %w", err))
			return
		}
		l.scenes[l.now.Data] = in
	}
	t, err := newSession(l.now.Settings, in)
	if err != nil {
		l.fail(err)
		return
	}
	l.session, l.stale = t, true
}

func (l *live) work() {
	if err := l.session.advance(); err != nil {
		l.fail(err)
		return
	}
	l.stale = true
	if time.Since(l.drawn) >= pictureEvery {
		l.draw()
	}
}

// draw shows a new picture if something has changed.
func (l *live) draw() {
	if !l.stale || l.session == nil {
		return
	}
	l.stale = false
	p, err := l.session.picture(l.now.Place, l.running())
	if err != nil {
		l.fail(err)
		return
	}
	l.shown(p)
}

func (l *live) fail(err error) {
	l.session = nil
	l.shown(Picture{Line: err.Error()})
}

// shown stores when drawing ended: slow drawing leaves time to train.
func (l *live) shown(p Picture) {
	l.show(p)
	if p.SVG != nil || l.last.SVG == nil {
		l.last = p
	}
	l.drawn = time.Now()
}

// end returns the last picture, of the current state.
func (l *live) end() Picture {
	l.now.Stopped = true
	l.stale = l.stale || l.last.Running
	l.draw()
	return l.last
}

// Still trains a flow from beginning to end and returns its picture.
func Still(ctx context.Context, s Settings) (Picture, error) {
	in, err := newScene(s.Data)
	if err != nil {
		return Picture{}, fmt.Errorf("explore: %w", err)
	}
	t, err := newSession(s, in)
	if err != nil {
		return Picture{}, err
	}
	for !t.done() && ctx.Err() == nil {
		if err := t.advance(); err != nil {
			return Picture{}, err
		}
	}
	return t.picture(End, false)
}
