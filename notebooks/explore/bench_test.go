package explore

import (
	"context"
	"testing"
	"time"
)

// BenchmarkPicture draws one of the newest state, as training does.
func BenchmarkPicture(b *testing.B) {
	in, err := newScene("moons05")
	if err != nil {
		b.Fatal(err)
	}
	s := Default("moons05")
	s.Steps = 10
	run, err := newSession(s, in)
	if err != nil {
		b.Fatal(err)
	}
	for !run.done() {
		if err := run.advance(); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if _, err := run.picture(End, true); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLive trains the default flow to the end, and says how many pictures that was.
func BenchmarkLive(b *testing.B) {
	for b.Loop() {
		controls, pictures := make(chan Controls, 1), 0
		controls <- Controls{Settings: Default("moons05"), Place: End}
		start, first := time.Now(), time.Duration(0)
		ctx, cancel := context.WithCancel(b.Context())
		Live(ctx, controls, func(p Picture) {
			if pictures++; pictures == 1 {
				first = time.Since(start)
			}
			if !p.Running {
				cancel()
			}
		})
		b.ReportMetric(first.Seconds(), "s/first")
		b.ReportMetric(float64(pictures)/time.Since(start).Seconds(), "pictures/s")
		b.ReportMetric(time.Since(start).Seconds(), "s/flow")
	}
}
