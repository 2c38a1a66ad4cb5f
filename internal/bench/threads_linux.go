package bench

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

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
