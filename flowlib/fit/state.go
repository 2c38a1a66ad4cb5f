package fit

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"slices"

	"normflow/flowlib/flow"
	"normflow/internal/safetensors"
	"normflow/internal/show"
)

// state is what a run needs, besides config and data, to resume after an interruption:
// the store's variables (weights, averages, optimizer), the best weights and the curve.
type state struct {
	trainer *trainer
	data    string // checksum of the training and validation events
	step    int
	result  Result
	store   []safetensors.Tensor // all variables at step, all finite
	best    []flow.Weight
}

const (
	bestPrefix   = "best:"
	checkpointID = "normflow checkpoint 3"
)

// newState starts a run, or resumes the one in the checkpoint.
func newState(t *trainer) (*state, error) {
	s := &state{trainer: t, result: Result{BestValid: math.MaxFloat64}} // JSON has no infinity
	if path := t.cfg.Checkpoint; path != "" {
		s.data = checksum(t.train, t.valid)
		if t.cfg.Weights != nil || t.cfg.ValidWeights != nil {
			s.data = checksum(t.train, t.valid, [][]float64{t.cfg.Weights, t.cfg.ValidWeights})
		}
		if t.cfg.Stream != nil {
			s.data += ", and a stream"
		}
		if _, err := s.identity(); err != nil { // before there is anything to lose
			return nil, checkpointError{err}
		}
		f, err := safetensors.Read(path)
		if err == nil {
			err = s.restore(f)
		}
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			if err != nil {
				err = checkpointError{fmt.Errorf("fit: the checkpoint %s cannot be resumed (delete it to start afresh): %w", show.Path(path), err)}
			}
			return s, err
		}
	}
	err := initialize(t.model, t.train, t.cfg.Seed)
	if err == nil {
		err = t.startAverages()
	}
	if err == nil {
		s.best, err = t.model.Weights()
	}
	if err == nil {
		s.store, err = t.take(0, 0, nil)
	}
	return s, err
}

// add appends a point to the curve, keeps its weights if they are the best, and records
// in the result if the run is over.
func (s *state) add(p Point, weights []flow.Weight) {
	r, cfg := &s.result, s.trainer.cfg
	r.Curve = append(r.Curve, p)
	if r.BestStep == 0 || p.Zero < r.BestZero || p.Zero == r.BestZero && p.Valid < r.BestValid {
		r.BestStep, r.BestValid, r.BestZero, s.best = p.Step, p.Valid, p.Zero, weights
	}
	worse := 0 // points since the best one
	for i := len(r.Curve) - 1; i >= 0 && r.Curve[i].Step > r.BestStep; i-- {
		worse++
	}
	switch {
	case p.Step >= cfg.Steps:
		r.Stopped = BySteps
	case cfg.Patience > 0 && worse >= cfg.Patience:
		r.Stopped = ByPatience
	}
}

func (s *state) restoreBest() error {
	return s.trainer.model.SetWeights(s.best)
}

// identity is what a checkpoint and the run that resumes it must have in common.
func (s *state) identity() (string, error) {
	m := s.trainer.model
	var of any
	if c, err := m.Config(); err == nil {
		of = c
	} else {
		tree, err := m.Tree()
		if err != nil {
			return "", fmt.Errorf("fit: no checkpoint of this flow: %w", err)
		}
		of = struct {
			Settings flow.Settings
			Tree     json.RawMessage
		}{m.Settings(), tree}
	}
	text, err := json.Marshal(struct {
		Fit     Config
		Flow    any
		Data    string
		Backend string // another backend rounds differently and ends with other weights
	}{s.trainer.cfg, of, s.data, s.trainer.engine.name()})
	return string(text), err
}

// checksum identifies sets of rows by their number and every bit.
func checksum(sets ...[][]float64) string {
	h := sha256.New()
	for _, rows := range sets {
		binary.Write(h, binary.LittleEndian, int64(len(rows)))
		for _, row := range rows {
			binary.Write(h, binary.LittleEndian, row)
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

func (s *state) save() error {
	path := s.trainer.cfg.Checkpoint
	if path == "" || s.step == 0 {
		return nil
	}
	tensors := slices.Clone(s.store)
	for _, w := range s.best {
		tensors = append(tensors, safetensors.Float64(bestPrefix+w.Path, w.Shape, w.Values))
	}
	id, err := s.identity()
	if err != nil {
		return checkpointError{fmt.Errorf("fit: checkpoint: %w", err)}
	}
	result, err := json.Marshal(s.result)
	if err != nil {
		return checkpointError{fmt.Errorf("fit: checkpoint: %w", err)}
	}
	err = safetensors.Write(path, safetensors.File{
		Metadata: map[string]string{"format": checkpointID, "run": id, "result": string(result)},
		Tensors:  tensors,
	})
	if err != nil {
		return checkpointError{fmt.Errorf("fit: checkpoint: %w", err)}
	}
	return nil
}

func (s *state) restore(f safetensors.File) error {
	c, err := parseCheckpoint(f)
	if err != nil {
		return err
	}
	id, err := s.identity()
	if err != nil {
		return err
	}
	if c.run != id {
		return fmt.Errorf("it belongs to another run, of %s", cmp.Or(differ(c.run, id), "another program"))
	}
	if err := c.fits(s.trainer); err != nil {
		return err
	}
	s.result, s.store, s.best = c.result, c.store, c.best
	s.step = s.result.Curve[len(s.result.Curve)-1].Step
	return safetensors.ToStore(s.trainer.model.Store(), "/", s.store)
}
