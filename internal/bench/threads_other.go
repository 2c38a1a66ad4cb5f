//go:build !linux

package bench

import (
	"fmt"
	"runtime"
)

// limitThreads limits the threads that run Go.
func limitThreads(n int) error {
	if all := runtime.NumCPU(); n > all {
		return fmt.Errorf("threads is %d, this machine has %d cores for the process", n, all)
	}
	runtime.GOMAXPROCS(n)
	return nil
}
