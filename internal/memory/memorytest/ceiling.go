// Package memorytest fails tests that take too much memory.
package memorytest

import (
	"flag"
	"runtime/metrics"
	"testing"

	"normflow/internal/memory"
)

// mostHeld is what a process that reads hostile input may hold, in bytes.
const mostHeld = 500_000_000

// Watch returns a function to call after reading hostile input. It fails the test if this
// allocated more than most bytes in total, or, in a worker of a fuzzing run, if the
// process has ever held more than mostHeld.
func Watch(t testing.TB, most int) (end func()) {
	before := allocated()
	return func() {
		t.Helper()
		if took := allocated() - before; took > uint64(most) {
			t.Fatalf("it took %s of memory in all, expected at most %s", memory.Text(int64(took)), memory.Text(int64(most)))
		}
		worker := flag.Lookup("test.fuzzworker")
		if worker == nil || worker.Value.String() != "true" {
			return // other tests in the process may have held it
		}
		if peak := memory.Peak(); peak > mostHeld {
			t.Fatalf("the process has held %s, expected at most %s", memory.Text(peak), memory.Text(mostHeld))
		}
	}
}

// allocated returns how many bytes the process has allocated so far, freed ones included.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
