package bench

import (
	"bytes"
	"errors"
	"fmt"
	"os"
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
	_, rest, _ := cutLast(stat, ")")
	fields := strings.Fields(rest) // the first is field 3
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

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return "", s, false
}

// peakMemory returns the largest resident memory this process has had, in bytes.
func peakMemory() (float64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, fmt.Errorf("bench: peak memory (measured on Linux only): %w", err)
	}
	for line := range bytes.Lines(status) {
		if value, ok := bytes.CutPrefix(line, []byte("VmHWM:")); ok {
			kilobytes, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(string(value)), " kB"), 64)
			return kilobytes * 1024, err
		}
	}
	return 0, errors.New("bench: /proc/self/status has no line VmHWM")
}
