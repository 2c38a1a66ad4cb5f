package bench

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// sinceStart returns the time since this process started, 0 to 10 ms too much, since the
// system counts whole ticks. If the system does not tell, it returns the time since this
// package was initialized.
func sinceStart() time.Duration {
	var now unix.Timespec
	stat, err1 := os.ReadFile("/proc/self/stat")
	err2 := unix.ClockGettime(unix.CLOCK_BOOTTIME, &now)
	if err1 != nil || err2 != nil {
		return time.Since(loaded)
	}
	age, err := ageOf(string(stat), time.Duration(now.Nano()))
	if err != nil {
		return time.Since(loaded)
	}
	return age
}
