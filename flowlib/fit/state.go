package fit

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"slices"
	"strings"

	"normflow/flowlib/flow"
	"normflow/internal/safetensors"
)

// state is what a run needs to go on after an interruption, beside the config
// and the data: the store's variables (weights and optimizer), the best
// weights, and the curve.
type state struct {
	data   string // checksum of the training and validation events
	step   int
	result Result
	best   []flow.Weight
	model  *flow.Model
}

const (
	bestPrefix   = "best:"
	checkpointID = "normflow checkpoint 1"
)

// newState begins a run on the given data, or takes up the one in cfg.Checkpoint.
func newState(m *flow.Model, train, valid [][]float64, cfg Config) (*state, error) {
	s := &state{model: m, result: Result{BestValid: math.MaxFloat64}} // JSON has no infinity
	var err error
	if s.best, err = m.Weights(); err != nil || cfg.Checkpoint == "" {
		return s, err
	}
	s.data = checksum(train, valid)
	f, err := safetensors.Read(cfg.Checkpoint)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err == nil {
		err = s.restore(f, cfg)
	}
	if err != nil {
		return nil, fmt.Errorf("fit: the checkpoint %s cannot be resumed (delete it to start afresh): %w", cfg.Checkpoint, err)
	}
	return s, nil
}

// add appends a point to the curve and keeps its weights if they are the best.
func (s *state) add(p Point, weights []flow.Weight) {
	s.result.Curve = append(s.result.Curve, p)
	if p.Valid < s.result.BestValid {
		s.result.BestStep, s.result.BestValid, s.best = p.Step, p.Valid, weights
	}
}

func (s *state) restoreBest(m *flow.Model) error {
	return m.SetWeights(s.best)
}

// identity is what must agree between a checkpoint and the run that takes it up.
func (s *state) identity(cfg Config) (string, error) {
	text, err := json.Marshal(struct {
		Fit  Config
		Flow flow.Config
		Data string
	}{cfg, s.model.Config, s.data})
	return string(text), err
}

// checksum tells sets of rows from others by their number and every bit.
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

func (s *state) save(cfg Config) error {
	if cfg.Checkpoint == "" || s.step == 0 {
		return nil
	}
	tensors, err := safetensors.FromStore(s.model.Store, "/")
	if err != nil {
		return fmt.Errorf("fit: checkpoint: %w", err)
	}
	for _, w := range s.best {
		tensors = append(tensors, safetensors.Float64(bestPrefix+w.Path, w.Shape, w.Values))
	}
	id, err := s.identity(cfg)
	if err != nil {
		return fmt.Errorf("fit: checkpoint: %w", err)
	}
	result, err := json.Marshal(s.result)
	if err != nil {
		return fmt.Errorf("fit: checkpoint: %w", err)
	}
	err = safetensors.Write(cfg.Checkpoint, safetensors.File{
		Metadata: map[string]string{"format": checkpointID, "run": id, "result": string(result)},
		Tensors:  tensors,
	})
	if err != nil {
		return fmt.Errorf("fit: checkpoint: %w", err)
	}
	return nil
}

func (s *state) restore(f safetensors.File, cfg Config) error {
	if f.Metadata["format"] != checkpointID {
		return fmt.Errorf("its format is %q, expected %q", f.Metadata["format"], checkpointID)
	}
	id, err := s.identity(cfg)
	if err != nil {
		return err
	}
	if f.Metadata["run"] != id {
		return fmt.Errorf("it belongs to another run: it has %s, this run is %s", f.Metadata["run"], id)
	}
	if err := json.Unmarshal([]byte(f.Metadata["result"]), &s.result); err != nil {
		return fmt.Errorf("its curve: %w", err)
	}
	if len(s.result.Curve) == 0 {
		return errors.New("its curve is empty")
	}
	s.best = nil
	isBest := func(t safetensors.Tensor) bool { return strings.HasPrefix(t.Name, bestPrefix) }
	for _, t := range f.Tensors {
		if isBest(t) {
			values, err := t.Float64s()
			if err != nil {
				return err
			}
			s.best = append(s.best, flow.Weight{Path: strings.TrimPrefix(t.Name, bestPrefix), Shape: t.Shape, Values: values})
		}
	}
	s.step = s.result.Curve[len(s.result.Curve)-1].Step
	return safetensors.ToStore(s.model.Store, "/", slices.DeleteFunc(f.Tensors, isBest))
}
