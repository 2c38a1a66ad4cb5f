package bench

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// loaded approximates the start of the process.
var loaded = time.Now()

// clockTick is the unit of times in /proc/PID/stat: sysconf(_SC_CLK_TCK), which is 100
// per second on every Linux that Go runs on.
const clockTick = 10 * time.Millisecond

// ageOf returns the age of a process by its /proc/PID/stat, at a time after boot.
//
// Source: proc_pid_stat(5): starttime, in ticks after boot, is field 22; field 2, the
// name in brackets, may hold anything.
func ageOf(stat string, now time.Duration) (time.Duration, error) {
	fields := strings.Fields(stat[strings.LastIndex(stat, ")")+1:]) // the first is field 3
	if len(fields) < 20 {
		return 0, errors.New("stat is too short")
	}
	ticks, err := strconv.ParseInt(fields[19], 10, 64)
	if err != nil {
		return 0, err
	}
	age := now - time.Duration(ticks)*clockTick
	if age < 0 {
		return 0, errors.New("the process has not started yet")
	}
	return age, nil
}
