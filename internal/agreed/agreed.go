// Package agreed holds plans, as JSON files, that processes agree on by a folder which all
// of them see.
package agreed

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"normflow/internal/show"
	"normflow/internal/whole"
)

// ErrOther is what the error of [Enter] wraps where the folder has another plan.
var ErrOther = errors.New("there is another plan")

// Enter puts a plan into the file name of the folder dir, which is made where it is
// missing. Where the file is there already it must hold the same plan; where it is not,
// the folder must have nothing of a name that is taken for the results. What says what the
// folder is for, such as "the parts".
func Enter(dir, name, what string, taken func(name string) bool, plan any) error {
	text, err := json.MarshalIndent(plan, "", "  ")
	if err != nil {
		return err
	}
	text = append(text, '\n')
	info, err := os.Stat(filepath.Clean(dir)) // without a slash, which files cannot have
	switch {
	case err == nil && !info.IsDir():
		return fmt.Errorf("%s: is a file, expected a folder for %s", show.Path(dir), what)
	case err == nil && whole.IsModel(dir):
		return fmt.Errorf("%s: is a model, expected a folder for %s", show.Path(dir), what)
	case whole.InModel(filepath.Clean(dir)):
		return fmt.Errorf("%s: lies in the folder of a model, which holds nothing else: name another folder for %s", show.Path(dir), what)
	}
	entries, _ := os.ReadDir(dir) // none where there is no such folder
	for _, e := range entries {
		if taken(e.Name()) && !Is(dir, name) {
			return fmt.Errorf("%s: holds %s, but no %s: name another folder", show.Path(dir), show.Name(e.Name()), name)
		}
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("%s: the folder cannot be made: %w", show.Path(dir), err)
	}
	path := filepath.Join(dir, name)
	before, err := read(path)
	switch {
	case err == nil && bytes.Equal(before, text):
		return nil
	case err == nil:
		return fmt.Errorf("%s: %w", show.Path(dir), ErrOther)
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: cannot be read: %w", show.Path(path), err)
	}
	if err := whole.WriteFile(path, text); err != nil {
		return fmt.Errorf("%s: cannot be written: %w", show.Path(path), err)
	}
	return nil
}

const maxPlan = 1 << 28 // bytes

// read reads a plan.
func read(path string) ([]byte, error) { return whole.ReadFile(path, maxPlan) }

// checkLists refuses what has more lists and objects than a plan of its size, and could take
// a hundred times its size in memory.
func checkLists(text []byte) error {
	if most := 1000 + len(text)/16; bytes.Count(text, []byte("{"))+bytes.Count(text, []byte("[")) > most {
		return fmt.Errorf("it holds more than %d lists and objects, far more than a plan of its size", most)
	}
	return nil
}

// Is reports whether the folder has a plan called name.
func Is(dir, name string) bool {
	info, err := os.Lstat(filepath.Join(dir, name))
	return err == nil && info.Mode().IsRegular()
}

// Read reads the plan called name of a folder; its format must be the one given. What says
// what folder was expected, such as "the folder of a sweep".
func Read(dir, name, what string, format int, plan any) error {
	path := filepath.Join(dir, name)
	text, err := read(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: holds no %s: expected %s", show.Path(dir), name, what)
	}
	if err != nil {
		return fmt.Errorf("%s: cannot be read: %w", show.Path(path), err)
	}
	if err := checkLists(text); err != nil {
		return fmt.Errorf("%s: is damaged: %w", show.Path(path), err)
	}
	var head struct {
		Format int `json:"format"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return fmt.Errorf("%s: is damaged: %w", show.Path(path), err)
	}
	if head.Format != format {
		return fmt.Errorf("%s: is of format %d, expected %d: another version has written it", show.Path(path), head.Format, format)
	}
	if err := json.Unmarshal(text, plan); err != nil {
		return fmt.Errorf("%s: is damaged: %w", show.Path(path), err)
	}
	return nil
}
