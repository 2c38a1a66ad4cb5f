//go:build !linux

package bench

import "time"

// sinceStart is the time since this package was initialized: the next best to the
// start of the process.
func sinceStart() time.Duration { return time.Since(loaded) }
