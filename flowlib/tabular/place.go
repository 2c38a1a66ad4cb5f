package tabular

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"normflow/flowlib/fit"
	"normflow/flowlib/flow"
	"normflow/flowlib/table"
	"normflow/internal/show"
	"normflow/internal/whole"
)

// CheckpointOf returns where Fit keeps its checkpoint while it fits the model in a
// folder.
func CheckpointOf(dir string) string { return filepath.Clean(dir) + ".checkpoint" }

// maxFlows is how many flows a fit trains, each with a checkpoint: a small and a large
// one for the rows, or for each pattern of atoms that has flows.
const maxFlows = 2 * flowPatterns

// checkpointOf returns the checkpoint of a flow, counted from 0. It stays until all flows
// are trained.
func checkpointOf(dir string, flow int) string {
	if flow == 0 {
		return CheckpointOf(dir)
	}
	return fmt.Sprintf("%s.%d", CheckpointOf(dir), flow+1)
}

// removeCheckpoints removes the checkpoints of all flows from the given number on.
func removeCheckpoints(dir string, from int) error {
	var errs []error
	for k := from; k < maxFlows; k++ {
		path := checkpointOf(dir, k)
		if k > 0 && !fit.IsCheckpoint(path) {
			continue // nothing, or not ours
		}
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// missingFolders returns the parents of dir that do not exist yet, deepest first.
func missingFolders(dir string) (all []string) {
	for parent := filepath.Dir(dir); ; parent = filepath.Dir(parent) {
		if _, err := os.Lstat(parent); !errors.Is(err, fs.ErrNotExist) {
			return all
		}
		all = append(all, parent)
	}
}

// removeEmpty removes folders that a fit created for a model it has not saved, unless
// they hold something, such as a checkpoint.
func removeEmpty(folders []string) {
	for _, folder := range folders {
		if os.Remove(folder) != nil {
			return
		}
	}
}

// place makes sure, before anything is read or trained, that a model of the table in some
// files can be saved to the folder dir, and keeps a second Fit out until unlock is called.
func place(dir string, files ...string) (unlock func(), err error) {
	outs := []string{dir}
	for k := range maxFlows {
		outs = append(outs, checkpointOf(dir, k))
	}
	for _, out := range outs {
		if err := whole.Apart(out, files...); err != nil {
			return nil, err
		}
	}
	if err := flow.CheckWritable(dir); err != nil {
		return nil, err
	}
	unlock, err = whole.Lock(dir)
	switch {
	case errors.Is(err, whole.ErrLocked):
		return nil, fmt.Errorf("%s: another process fits this model: wait for it, or choose another folder", show.Path(dir))
	case err != nil:
		return nil, fmt.Errorf("%s: no file can be written beside it: %w", show.Path(dir), err)
	}
	return unlock, nil
}

// resume checks whether there is a checkpoint, and whether it is wanted.
func (j *job) resume() error {
	for k := range maxFlows {
		path := checkpointOf(j.dir, k)
		info, err := os.Lstat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return err
		case !info.Mode().IsRegular() || !fit.IsCheckpoint(path):
			return fmt.Errorf("%s: is no checkpoint of a fit, which would lie here: choose another name for the model, or move this away", show.Path(path))
		}
	}
	path := CheckpointOf(j.dir)
	_, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if j.Resume {
			j.Note(table.NoteOf("there is no checkpoint %s: starting at the beginning", show.Path(path)))
		}
		return removeCheckpoints(j.dir, 1)
	case err != nil:
		return err
	case !j.Resume:
		return &table.Error{
			File: path, Problem: "the checkpoint of an interrupted fit lies here",
			Remedies: []table.Remedy{{Do: "go on with the same options", Option: OptionResume}, {Do: "delete it to start afresh"}},
		}
	}
	return nil
}

// interrupted returns err, or an [InterruptedError] if the context has ended.
func interrupted(ctx context.Context, err error, checkpoint string) error {
	if ctx.Err() == nil {
		return err
	}
	stopped := &InterruptedError{err: err}
	if _, missing := os.Stat(checkpoint); missing == nil {
		stopped.Checkpoint = checkpoint
	}
	return stopped
}
