package whole

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// Whatever others create while a process ends, nothing of it is there afterwards.
func TestNothingIsCreatedWhileAllIsAborted(t *testing.T) {
	defer func() { live.ended = false }()
	for round := range 100 {
		live.ended = false
		dir := t.TempDir()
		var group sync.WaitGroup
		for k, create := range []func(path string) error{
			func(path string) error { _, err := Create(path); return err },
			func(path string) error { _, err := Scratch(filepath.Dir(path)); return err },
			func(path string) error { _, err := Lock(path); return err },
			func(path string) error {
				f, err := NewFolder(path, "1")
				if err != nil {
					return err
				}
				return Place(func() error { return os.WriteFile(filepath.Join(f.New(), "1"), nil, 0o600) })
			},
			func(path string) error {
				f, err := Create(path)
				if err == nil {
					f.Abort()
				}
				return err
			},
		} {
			group.Go(func() {
				for i := 0; i < 40 && create(filepath.Join(dir, fmt.Sprint(k, i))) == nil; i++ {
				}
			})
		}
		time.Sleep(time.Duration(round) * 20 * time.Microsecond)
		AbortAll()
		only(t, dir)
		group.Wait()
		only(t, dir)
	}
}
