// Package memory says how much memory a run may take, and how much it took.
package memory

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// Budget returns how many bytes a run may hold: what was asked for or, for 0, half of the
// memory of the machine or container. The other half is for the garbage collector, the
// engine and other programs.
func Budget(asked int64) int64 {
	if asked > 0 {
		return asked
	}
	return half()
}

var half = sync.OnceValue(func() int64 {
	least := uint64(math.MaxInt64)
	for _, provider := range []memlimit.Provider{memlimit.FromSystem, memlimit.FromCgroup} {
		if limit, err := provider(); err == nil && limit > 0 {
			least = min(least, limit)
		}
	}
	if least == math.MaxInt64 {
		least = 16 << 30 // if neither tells
	}
	return int64(least / 2)
})

// Limit makes the garbage collector work harder as the run nears its budget, unless the
// user has set GOMEMLIMIT.
func Limit(asked int64) {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(Budget(asked))
	}
}

// units are the possible units of a size, longer names first.
var units = []struct {
	name  string
	bytes float64
}{
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40},
	{"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"B", 1},
}

// Parse parses a size such as 2GB, 512MiB or 1.5 TB and returns bytes; it must be at
// least 1 MB.
func Parse(text string) (int64, error) {
	for _, unit := range units {
		number, ok := strings.CutSuffix(strings.ToUpper(strings.TrimSpace(text)), strings.ToUpper(unit.name))
		if !ok {
			continue
		}
		x, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if size := x * unit.bytes; err == nil && size >= 1e6 && size < math.MaxInt64/2 {
			return int64(size), nil
		}
		break
	}
	return 0, fmt.Errorf("expected a size of at least 1MB, such as 500MB, 2GB or 1.5GiB, found %q", text)
}

// Text formats a size, such as "1.5 GB".
func Text(size int64) string {
	x, unit := float64(size), 0
	names := []string{"bytes", "kB", "MB", "GB", "TB", "PB", "EB"}
	for ; x >= 999.5 && unit < len(names)-1; unit++ {
		x /= 1000
	}
	return strconv.FormatFloat(x, 'g', 3, 64) + " " + names[unit]
}

// Peak returns the largest resident memory of this process so far, in bytes; 0 if the
// system does not tell.
func Peak() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := bytes.Cut(status, []byte("VmHWM:"))
	fields := bytes.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	kilobytes, err := strconv.ParseInt(string(fields[0]), 10, 64)
	if err != nil {
		return 0
	}
	return kilobytes << 10
}
