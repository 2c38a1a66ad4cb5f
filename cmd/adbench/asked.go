package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"normflow/flowlib/tabular"
)

// asked is what the flags say.
type asked struct {
	folder, seeds, python, out string
	tables                     []string // files; none: all of the folder
	numbers                    []int64  // the seeds, by check
	fit                        tabular.FitConfig
}

// check finds the tables and reads the seeds, before minutes of training.
func (a *asked) check() error {
	for _, text := range strings.Split(a.seeds, ",") {
		seed, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return fmt.Errorf("-seeds: %q is not a whole number", text)
		}
		a.numbers = append(a.numbers, seed)
	}
	if len(a.tables) > 0 {
		return nil
	}
	var err error
	if a.tables, err = filepath.Glob(filepath.Join(a.folder, "*.npz")); err != nil {
		return fmt.Errorf("-data: %w", err)
	}
	if len(a.tables) == 0 {
		return fmt.Errorf("-data: there is no .npz file in %q; the tables are in https://github.com/Minqi824/ADBench, folder adbench/datasets/Classical: put those you want there, such as 38_thyroid.npz", a.folder)
	}
	slices.Sort(a.tables)
	return nil
}
