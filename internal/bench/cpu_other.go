//go:build !unix

package bench

import "time"

// CPUTime is not known on this system: per CPU-second means per second.
func CPUTime() time.Duration { return time.Since(loaded) }
