package bench

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
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

// limitThreads binds this process, with all its threads, to the first n of the cores it
// may use. XLA makes as many threads as there are devices, 4 on a CPU, whatever it is
// told; bound, they share n cores.
func limitThreads(n int) error {
	var all, some unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		return fmt.Errorf("reading the cores of this process: %w", err)
	}
	if n > all.Count() {
		return fmt.Errorf("threads is %d, this machine has %d cores for the process", n, all.Count())
	}
	runtime.GOMAXPROCS(n)
	for core, found := 0, 0; found < n; core++ {
		if all.IsSet(core) {
			some.Set(core)
			found++
		}
	}
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return err
	}
	for _, t := range threads {
		id, err := strconv.Atoi(t.Name())
		if err != nil {
			return err
		}
		if err := unix.SchedSetaffinity(id, &some); err != nil && !errors.Is(err, unix.ESRCH) { // a thread may have ended
			return fmt.Errorf("binding this process to %d cores: %w", n, err)
		}
	}
	return nil
}
