package bench

import (
	"os"
	"runtime"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

// allCores are those that the tests begin with: a measurement limits them.
var allCores = func() (cores unix.CPUSet) {
	if err := unix.SchedGetaffinity(0, &cores); err != nil {
		panic(err)
	}
	return cores
}()

// limited runs a test on so many cores, and gives the process all of its own back.
func limited(t *testing.T, n int) {
	t.Helper()
	if allCores.Count() < 2 {
		t.Skip("one core: nothing to limit")
	}
	restore := func() {
		runtime.GOMAXPROCS(allCores.Count())
		for _, id := range threadIDs(t) {
			unix.SchedSetaffinity(id, &allCores) //nolint:errcheck // one may have ended
		}
	}
	restore()
	t.Cleanup(restore)
	if err := limitThreads(n); err != nil {
		t.Fatal(err)
	}
}

func threadIDs(t *testing.T) (ids []int) {
	t.Helper()
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		id, err := strconv.Atoi(task.Name())
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	return ids
}

func TestThreadsAreLimited(t *testing.T) {
	limited(t, 1)
	if n := runtime.GOMAXPROCS(0); n != 1 {
		t.Errorf("GOMAXPROCS is %d", n)
	}
	for _, id := range threadIDs(t) {
		var cores unix.CPUSet
		if err := unix.SchedGetaffinity(id, &cores); err == nil && cores.Count() != 1 { // one may have ended
			t.Errorf("thread %d may run on %d cores", id, cores.Count())
		}
	}
	if err := limitThreads(1 << 20); err == nil {
		t.Error("a million threads: no error")
	}
}

// Engines take the threads they are given.
func TestEnginesTakeTheirThreads(t *testing.T) {
	limited(t, 2)
	for _, n := range []int{1, 2} {
		s := Start{Model: "realnvp", Features: 2, Points: []float32{1, 2, 3, 4}, Batch: 2, Threads: n}
		e, err := openByHand(s)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(e.(*byHand).team); got != n {
			t.Errorf("byhand has %d threads, want %d", got, n)
		}
		if e, err = openFast(s); err != nil {
			t.Fatal(err)
		}
		if got := e.(*fastEngine).engine.Threads(); got != n {
			t.Errorf("fast has %d threads, want %d", got, n)
		}
	}
}
