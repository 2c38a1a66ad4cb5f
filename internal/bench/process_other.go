//go:build !linux

package bench

import (
	"fmt"
	"runtime"
	"time"
)

// sinceStart returns the time since this package was initialized, which is soon after the
// start of the process.
func sinceStart() time.Duration { return time.Since(loaded) }

// limitThreads limits the threads that run Go.
func limitThreads(n int) error {
	if all := runtime.NumCPU(); n > all {
		return fmt.Errorf("threads is %d, this machine has %d cores for the process", n, all)
	}
	runtime.GOMAXPROCS(n)
	return nil
}
