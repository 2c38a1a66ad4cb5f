// Package fitplace keeps the place of a model while it is fitted: the folder that it will
// be saved to, and beside it the checkpoints of its flows.
package fitplace

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

// OptionResume asks to continue an interrupted fit.
const OptionResume table.Option = "Resume"

// InterruptedError is returned by a fit whose context ends while it trains.
type InterruptedError struct {
	Checkpoint string // where the fit can continue; "" if there is none yet
	err        error
}

func (e *InterruptedError) Error() string { return e.err.Error() }
func (e *InterruptedError) Unwrap() error { return e.err }

// Place is the place of one model. No other process has it before [Place.Leave].
type Place struct {
	Dir string // cleaned

	flows   int
	missing []string // parents that were not there, deepest first
	unlock  func()
}

// Take makes sure, before anything is read or trained, that a model made from some files
// can be saved to the folder dir, and so many checkpoints beside it.
func Take(dir string, flows int, files ...string) (*Place, error) {
	p := &Place{Dir: filepath.Clean(dir), flows: flows}
	if base := filepath.Base(p.Dir); base == "." || base == ".." { // files beside it are named after it
		var err error
		if p.Dir, err = filepath.Abs(p.Dir); err != nil {
			return nil, err
		}
	}
	p.missing = missingFolders(p.Dir)
	if err := p.take(files); err != nil {
		p.removeEmpty()
		return nil, err
	}
	return p, nil
}

func (p *Place) take(files []string) (err error) {
	outs := []string{p.Dir}
	for k := range p.flows {
		outs = append(outs, p.Checkpoint(k))
	}
	for _, out := range outs {
		if err := whole.Apart(out, files...); err != nil {
			return err
		}
	}
	if err := flow.CheckWritable(p.Dir); err != nil {
		return err
	}
	p.unlock, err = whole.Lock(p.Dir)
	switch {
	case errors.Is(err, whole.ErrLocked):
		return fmt.Errorf("%s: another process fits this model: wait for it, or choose another folder", show.Path(p.Dir))
	case err != nil:
		return fmt.Errorf("%s: no file can be written beside it: %w", show.Path(p.Dir), err)
	}
	return nil
}

// Leave gives the place back. Folders that were made for it go if they are still empty.
func (p *Place) Leave() {
	p.unlock()
	p.removeEmpty()
}

func missingFolders(dir string) (all []string) {
	for parent := filepath.Dir(dir); ; parent = filepath.Dir(parent) {
		if _, err := os.Lstat(parent); !errors.Is(err, fs.ErrNotExist) {
			return all
		}
		all = append(all, parent)
	}
}

func (p *Place) removeEmpty() {
	for _, folder := range p.missing {
		if os.Remove(folder) != nil {
			return
		}
	}
}

// CheckpointOf returns where the first flow of a model in a folder has its checkpoint.
func CheckpointOf(dir string) string { return filepath.Clean(dir) + ".checkpoint" }

// Checkpoint returns the file of the checkpoint of a flow, counted from 0.
func (p *Place) Checkpoint(flow int) string {
	if flow == 0 {
		return CheckpointOf(p.Dir)
	}
	return fmt.Sprintf("%s.%d", CheckpointOf(p.Dir), flow+1)
}

// RemoveCheckpoints removes the checkpoints of all flows from the given number on.
func (p *Place) RemoveCheckpoints(from int) error {
	var errs []error
	for k := from; k < p.flows; k++ {
		path := p.Checkpoint(k)
		if k > 0 && !fit.IsCheckpoint(path) {
			continue // nothing, or not ours
		}
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// Resume returns an error unless a checkpoint that is there is wanted. If none is, note is
// told where one was wanted.
func (p *Place) Resume(wanted bool, note func(table.Note)) error {
	for k := range p.flows {
		path := p.Checkpoint(k)
		info, err := os.Lstat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return err
		case !info.Mode().IsRegular() || !fit.IsCheckpoint(path):
			return fmt.Errorf("%s: is no checkpoint of a fit, which would lie here: choose another name for the model, or move this away", show.Path(path))
		}
	}
	path := p.Checkpoint(0)
	_, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if wanted {
			note(table.NoteOf("there is no checkpoint %s: starting at the beginning", show.Path(path)))
		}
		return p.RemoveCheckpoints(1)
	case err != nil:
		return err
	case !wanted:
		return &table.Error{
			File: path, Problem: "the checkpoint of an interrupted fit lies here",
			Remedies: []table.Remedy{{Do: "go on with the same options", Option: OptionResume}, {Do: "delete it to start afresh"}},
		}
	}
	return nil
}

// Interrupted returns err, or an [InterruptedError] if the context has ended.
func (p *Place) Interrupted(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	stopped := &InterruptedError{err: err}
	if path := p.Checkpoint(0); exists(path) {
		stopped.Checkpoint = path
	}
	return stopped
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
