//go:build !linux

package bench

import "time"

// sinceStart returns the time since this package was initialized, which is soon after the
// start of the process.
func sinceStart() time.Duration { return time.Since(loaded) }
