package whole

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"normflow/internal/show"
)

// MakeFolders creates a folder and its parents, as far as they do not exist.
func MakeFolders(dir string) error {
	err := os.MkdirAll(dir, 0o777)
	if errors.Is(err, syscall.ENOTDIR) {
		return underFile(dir, err)
	}
	if tried := (*fs.PathError)(nil); errors.As(err, &tried) {
		return unwritable(filepath.Dir(tried.Path), err)
	}
	return err
}

// InModel reports whether a path, which need not exist, lies in the folder of a model, at
// any depth.
func InModel(path string) bool { return lies(path, IsModel) }

// lies reports whether a path, which need not exist, lies in such a folder, at any depth.
func lies(path string, in func(dir string) bool) bool {
	target, err := Follow(path)
	if err != nil {
		return false
	}
	dir, err := filepath.Abs(filepath.Dir(target))
	if err != nil {
		return false
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	for !in(dir) {
		up := filepath.Dir(dir)
		if up == dir {
			return false
		}
		dir = up
	}
	return true
}

// underFile says whether path or what it lies in is not a folder.
func underFile(path string, err error) error {
	for path != filepath.Dir(path) {
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			return fmt.Errorf("%s is %s, expected a folder: name another", show.Path(path), kind(info.Mode()))
		}
		path = filepath.Dir(path)
	}
	return err
}

// unwritable says why nothing can be created in a folder, without the temporary name that
// was tried. Some system folders, such as /proc, accept nothing and report that the new
// name does not exist.
func unwritable(dir string, err error) error {
	missing := errors.Is(err, fs.ErrNotExist)
	if _, none := os.Stat(dir); missing && none != nil {
		return fmt.Errorf("there is no folder %s: make it, or name another", show.Path(dir))
	}
	if missing {
		return fmt.Errorf("the folder %s takes no files: name another", show.Path(dir))
	}
	if tried := (*fs.PathError)(nil); errors.As(err, &tried) {
		err = tried.Err
	}
	return fmt.Errorf("the folder %s cannot be written to: %w", show.Path(dir), err)
}
