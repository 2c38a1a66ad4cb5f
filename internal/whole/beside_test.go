package whole

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// Folders and files come and go while other processes sweep: none is taken from its owner,
// nobody's end is an error, and nothing is left.
func TestSweepBesideOthers(t *testing.T) {
	dir := t.TempDir()
	done := make(chan struct{})
	var sweepers, owners sync.WaitGroup
	for range 2 {
		sweepers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				for _, path := range ours(dir) {
					if info, err := os.Lstat(path); err == nil && info.IsDir() {
						sweepFolder(path)
					} else if err == nil {
						sweepFile(path)
					}
				}
			}
		})
		owners.Go(func() {
			for range 300 {
				folder, err := NewFolder(filepath.Join(dir, "model"))
				if err == nil {
					err = errors.Join(os.WriteFile(filepath.Join(folder.New(), ModelFile), nil, 0o600), folder.Remove())
				}
				var file *File
				if err == nil {
					file, err = Create(filepath.Join(dir, "a"))
				}
				if err == nil {
					_, err = os.Lstat(file.Name())
					file.Abort()
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	owners.Wait()
	close(done)
	sweepers.Wait()
	if left := ours(dir); left != nil {
		t.Errorf("left: %q", left)
	}
}
