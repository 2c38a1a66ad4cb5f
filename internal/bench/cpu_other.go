//go:build !unix

package bench

import "time"

// cpuTime is not known on this system: per CPU-second means per second.
func cpuTime() time.Duration { return time.Since(loaded) }
