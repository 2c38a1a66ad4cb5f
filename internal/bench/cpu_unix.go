//go:build unix

package bench

import (
	"syscall"
	"time"
)

// cpuTime is the user and system time of this process, all threads together.
func cpuTime() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		panic(err) // it fails on a wrong argument alone
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
