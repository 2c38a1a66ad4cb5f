package fast

import (
	"sync/atomic"
	"time"
)

// barrier lets no thread pass before all have come. Threads wait awake: a step of
// training takes less time than waking a thread does. One that waits for long makes
// room: the other then may be waiting for a processor that something else is on.
type barrier struct {
	threads int32
	arrived atomic.Int32
	round   atomic.Int32
}

func (b *barrier) wait() {
	round := b.round.Load()
	if b.arrived.Add(1) == b.threads {
		b.arrived.Store(0)
		b.round.Add(1)
		return
	}
	for spins := 0; b.round.Load() == round; spins++ {
		if spins > 50_000 { // some hundredths of a millisecond
			time.Sleep(20 * time.Microsecond)
		}
	}
}
