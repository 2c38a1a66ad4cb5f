package imageset

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"normflow/internal/show"
)

// ReadFolder reads a folder of PNG files in the order of their names: gray or RGB
// pictures of 8 bits and of one size, without transparency. A folder of such folders is
// classes: each folder is one, of its name. Names that begin with a dot are left out.
// names are those of the files, as in 7/a.png where there are classes. An error names the
// file, and nothing is returned with it.
func ReadFolder(dir string) (s *Set, names []string, err error) {
	r := folderReader{dir: dir, set: &Set{Levels: 256}}
	files, folders, err := list(dir)
	switch {
	case err != nil:
	case len(folders) == 0:
		err = r.read("", files)
	case len(files) > len(folders):
		err = fmt.Errorf("%s: is a folder beside files, expected PNG files only, or a folder of them for each class: move it elsewhere", show.Path(filepath.Join(dir, folders[0])))
	case len(files) > 0:
		err = fmt.Errorf("%s: is a file beside folders, expected PNG files only, or a folder of them for each class: move it elsewhere", show.Path(filepath.Join(dir, files[0])))
	default:
		err = r.classes(folders)
	}
	if err != nil {
		return nil, nil, err
	}
	return r.set, r.names, nil
}

// folderReader adds files of a folder to a set.
type folderReader struct {
	dir   string
	set   *Set
	names []string // of the files, relative to dir
}

// MaxClasses is how many classes pictures may have.
const MaxClasses = 256

func (r *folderReader) classes(folders []string) error {
	if len(folders) > MaxClasses {
		return fmt.Errorf("%s: holds %d folders, expected one for each of at most %d classes", show.Path(r.dir), len(folders), MaxClasses)
	}
	r.set.Classes = folders
	for class, name := range folders {
		files, deeper, err := list(filepath.Join(r.dir, name))
		if err == nil && len(deeper) > 0 {
			err = fmt.Errorf("%s: is a folder, expected the PNG files of a class: move it elsewhere", show.Path(filepath.Join(r.dir, name, deeper[0])))
		}
		if err == nil {
			err = r.read(name, files)
		}
		if err != nil {
			return err
		}
		for range files {
			r.set.Labels = append(r.set.Labels, class)
		}
	}
	return nil
}

// read adds the files of r.dir, or of a folder in it.
func (r *folderReader) read(within string, files []string) error {
	if len(files) == 0 {
		return fmt.Errorf("%s: the folder is empty, expected PNG files", show.Path(filepath.Join(r.dir, within)))
	}
	for _, file := range files {
		name := filepath.Join(within, file)
		if err := r.set.add(filepath.Join(r.dir, name)); err != nil {
			var size sizeError
			if errors.As(err, &size) {
				err = fmt.Errorf("%w, expected %s as %s has: scale the pictures to one size, or leave this one out", err, sizeOf(r.set.Shape), show.Quoted(r.names[0]))
			}
			return fmt.Errorf("%s: %w", show.Path(filepath.Join(r.dir, name)), err)
		}
		r.names = append(r.names, name)
	}
	return nil
}

// list returns the names in a folder that do not begin with a dot.
func list(dir string) (files, folders []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", show.Path(dir), plain(err))
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		info, err := os.Stat(filepath.Join(dir, e.Name())) // of what a link leads to
		if err == nil && info.IsDir() {
			folders = append(folders, e.Name())
		} else {
			files = append(files, e.Name())
		}
	}
	return files, folders, nil
}
