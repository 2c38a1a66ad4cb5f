//go:build unix

package bench

import (
	"syscall"
	"time"
)

// CPUTime returns the user and system time of this process, of all threads together.
func CPUTime() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		panic(err) // only a wrong argument can fail
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
