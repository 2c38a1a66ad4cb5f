package tabular

import (
	"fmt"
	"os"

	"github.com/gofrs/flock"
)

// checkpointOf is where Fit keeps a checkpoint while it fits the model of a folder.
func checkpointOf(dir string) string { return dir + ".checkpoint" }

// lock keeps a second Fit away from a folder, until unlock. A process that is killed
// leaves the file, but not the lock.
func lock(dir string) (unlock func(), err error) {
	path := dir + ".lock"
	for {
		l := flock.New(path)
		held, err := l.TryLock()
		if err != nil {
			return nil, fmt.Errorf("%s: no file can be written here: %w", path, err)
		}
		if !held {
			return nil, fmt.Errorf("%s: another process fits this model: wait for it, or choose another folder", dir)
		}
		// The one before may have removed the file after it was opened here.
		mine, errMine := l.Stat()
		there, errThere := os.Stat(path)
		if errMine == nil && errThere == nil && os.SameFile(mine, there) {
			return func() {
				os.Remove(path) //nolint:errcheck // while it is held; a file left behind does no harm
				l.Unlock()      //nolint:errcheck // the end of the process does it too
			}, nil
		}
		if err := l.Unlock(); err != nil {
			return nil, err
		}
	}
}
