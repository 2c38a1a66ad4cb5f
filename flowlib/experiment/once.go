package experiment

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"normflow/internal/show"
	"normflow/internal/whole"
)

const lockPoll = 500 * time.Millisecond

// Once sets v, a pointer, from the JSON in file. If there is no file yet, it calls do,
// which sets v, and then writes the file, which also shows that everything do makes is
// there. Of processes that ask for files of the same folder at once, one works and the
// others wait. done says that the file was there already.
func Once(ctx context.Context, file string, v any, do func() error) (done bool, err error) {
	dir := filepath.Dir(file)
	if err := whole.MakeFolders(dir); err != nil {
		return false, fmt.Errorf("%s: %w", show.Path(file), err)
	}
	lock := flock.New(filepath.Join(dir, "lock"))
	if _, err := lock.TryLockContext(ctx, lockPoll); err != nil {
		return false, fmt.Errorf("waiting for another process to finish %s: %w", show.Path(dir), err)
	}
	defer lock.Unlock()

	text, err := os.ReadFile(file)
	if err == nil {
		if err := json.Unmarshal(text, v); err != nil {
			return false, fmt.Errorf("%s is damaged, delete it: %w", show.Path(file), show.Error(err))
		}
		return true, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	if err := do(); err != nil {
		return false, err
	}
	if text, err = json.MarshalIndent(v, "", "  "); err != nil {
		return false, err
	}
	return false, whole.WriteFile(file, append(text, '\n'))
}
