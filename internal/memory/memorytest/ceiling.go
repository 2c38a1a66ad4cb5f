// Package memorytest has tests fail that take too much memory.
package memorytest

import (
	"flag"
	"testing"

	"normflow/internal/memory"
)

// Ceiling fails the test if this process has ever held more than 500 MB while it was fed
// hostile input; in other tests it does nothing.
func Ceiling(t testing.TB) {
	t.Helper()
	const most = 500_000_000
	worker := flag.Lookup("test.fuzzworker")
	if worker == nil || worker.Value.String() != "true" {
		return
	}
	if peak := memory.Peak(); peak > most {
		t.Fatalf("the process has held %s, expected at most %s", memory.Text(peak), memory.Text(most))
	}
}
