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

func enter(path string, remove func()) error {
	live.Lock()
	defer live.Unlock()
	if live.ended {
		return errEnded
	}
	if live.remove == nil {
		live.remove = map[string]func(){}
	}
	live.remove[path] = remove
	return nil
}

func leave(path string) {
	live.Lock()
	defer live.Unlock()
	delete(live.remove, path)
}

// Place calls do, which moves a pending file or folder to its place, unless the process
// ends: AbortAll comes before or after it.
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
