package whole

import (
	"errors"
	"sync"
)

// live holds the pending files and folders of this process.
var live struct {
	sync.Mutex
	remove map[string]func() // by path
	ended  bool
}

// errEnded is returned to work that goes on while the process ends.
var errEnded = errors.New("the program ends")

// enter calls create, which creates something at path, and keeps how to remove it if there
// is no error, unless the process ends: AbortAll comes before or after both.
func enter(path string, create func() error, remove func()) error {
	live.Lock()
	defer live.Unlock()
	if live.ended {
		return errEnded
	}
	if err := create(); err != nil {
		return err
	}
	if live.remove == nil {
		live.remove = map[string]func(){}
	}
	live.remove[path] = remove
	return nil
}

// leave calls do, which may be nil and removes what is at path, or what enter keeps for
// it, unless AbortAll has done so: since then the path may be another process's.
func leave(path string, do func()) {
	live.Lock()
	defer live.Unlock()
	if _, there := live.remove[path]; there && do != nil {
		do()
	}
	delete(live.remove, path)
}

// Place calls do, which moves a pending file or folder to its place, or creates a file in
// a pending folder, unless the process ends: AbortAll comes before or after it.
func Place(do func() error) error {
	live.Lock()
	defer live.Unlock()
	if live.ended {
		return errEnded
	}
	return do()
}

// AbortAll removes all pending files and folders of this process, and prevents further
// writing. It is for a process that ends while other goroutines still write.
func AbortAll() {
	live.Lock()
	defer live.Unlock()
	live.ended = true
	for _, remove := range live.remove {
		remove()
	}
	live.remove = nil
}
