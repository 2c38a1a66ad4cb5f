package bench

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// sinceStart is the time since this process was started, 0 to 10 ms too much: the
// system notes the start in whole ticks. Where it does not tell, it is the time since
// this package was initialized.
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
