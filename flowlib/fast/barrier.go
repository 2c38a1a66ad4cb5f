package fast

import (
	"sync/atomic"
	"time"
)

// barrier holds every thread until all have arrived. Threads spin: a step of training
// takes less time than waking a thread. A thread that waits long yields, since the other
// may need its processor.
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
