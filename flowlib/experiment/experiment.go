// Package experiment runs a named experiment once and stores it: a toy density, a flow
// fitted to its samples, and its quality on fresh points.
package experiment

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gomlx/compute"

	"normflow/flowlib/backend"
	"normflow/flowlib/dataset"
	"normflow/flowlib/density"
	"normflow/flowlib/eval"
	"normflow/flowlib/fit"
	"normflow/flowlib/flow"
	"normflow/internal/show"
)

// Config holds everything a run depends on, except the backend.
type Config struct {
	Data  string      `json:"data"`  // name of a toy density, see dataset.Densities
	Seed  int64       `json:"seed"`  // of the training data, the weights and the batches
	Train int         `json:"train"` // events for training
	Valid int         `json:"valid"` // for early stopping and the choice of weights
	Test  int         `json:"test"`  // for the summary only; the same for every seed
	Flow  flow.Config `json:"flow"`  // the scaler is measured on the training data
	Fit   fit.Config  `json:"fit"`
}

// DefaultConfig is the default training of a flow on 20,000 events, with 10,000
// for validation and 50,000 for the test.
func DefaultConfig(of flow.Config, data string, seed int64) Config {
	return Config{
		Data: data, Seed: seed,
		Train: 20000, Valid: 10000, Test: 50000,
		Flow: of, Fit: fit.DefaultConfig(of),
	}
}

// Summary describes a finished run, on fresh test events.
type Summary struct {
	Config     Config        `json:"config"`
	Backend    string        `json:"backend"`
	Parameters int           `json:"parameters"`
	Entropy    float64       `json:"entropy"` // of the true density, nats
	NLL        eval.Estimate `json:"nll"`     // nats
	KL         eval.Estimate `json:"kl"`      // KL(p‖q), nats
	Fit        fit.Result    `json:"fit"`
}

// Result is a finished run: the fitted model, its data and the summary.
type Result struct {
	Summary
	Dir     string // where it is stored
	Model   *flow.Model
	Density *dataset.Density
	Data    dataset.Splits
}

// Root returns the folder that runs are stored in: FLOW_RUNS, or else "runs" here.
func Root() string {
	if dir := os.Getenv("FLOW_RUNS"); dir != "" {
		return dir
	}
	return "runs"
}

// Run fits the flow of cfg and stores it in a folder of root named after cfg and the
// backend. A finished run is returned at once; an interrupted one continues from its
// checkpoint. If two processes ask for the same run, the second waits for the first.
func Run(ctx context.Context, b compute.Backend, root string, cfg Config, progress fit.Progress) (*Result, error) {
	r, err := run(ctx, b, root, cfg, progress)
	if err != nil {
		return nil, fmt.Errorf("experiment: %s, seed %d: %w", show.Name(cfg.Data), cfg.Seed, err)
	}
	return r, nil
}

func run(ctx context.Context, b compute.Backend, root string, cfg Config, progress fit.Progress) (*Result, error) {
	r, err := prepare(b, root, &cfg)
	if err != nil {
		return nil, err
	}
	cfg.Fit.Checkpoint = filepath.Join(r.Dir, "checkpoint.safetensors")
	done, err := Once(ctx, filepath.Join(r.Dir, "summary.json"), &r.Summary, func() error { return r.fit(ctx, b, cfg, progress) })
	if err != nil {
		return nil, err
	}
	if done {
		r.Model, err = flow.Load(b, r.modelDir())
		return r, err
	}
	return r, os.Remove(cfg.Fit.Checkpoint)
}

// fit makes the model and the summary.
func (r *Result) fit(ctx context.Context, b compute.Backend, cfg Config, progress fit.Progress) (err error) {
	if r.Model, err = cfg.Flow.NewModel(b); err != nil {
		return err
	}
	if r.Fit, err = fit.Run(ctx, r.Model, r.Data.Train, r.Data.Valid, cfg.Fit, progress); err != nil {
		return err
	}
	r.Parameters = r.Model.NumParameters()
	scorer, err := r.Scorer()
	if err != nil {
		return err
	}
	if r.NLL, err = eval.NLL(scorer, r.Data.Test); err != nil {
		return err
	}
	if r.KL, err = eval.KL(scorer, r.Density, r.Data.Test); err != nil {
		return err
	}
	return r.Model.Save(r.modelDir(), r.Summary)
}

// prepare draws the data, completes cfg, and names the folder.
func prepare(b compute.Backend, root string, cfg *Config) (*Result, error) {
	density, err := dataset.ByName(cfg.Data)
	if err != nil {
		return nil, err
	}
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	r := &Result{Density: density, Data: density.Draw(cfg.Seed, cfg.Train, cfg.Valid, cfg.Test)}
	cfg.Flow.Seed, cfg.Fit.Seed = cfg.Seed, cfg.Seed
	if cfg.Flow.Scaler, err = dataset.NewStandardizer(r.Data.Train); err != nil {
		return nil, err
	}
	r.Summary = Summary{Config: *cfg, Backend: backend.Name(b), Entropy: density.Entropy}
	key, err := json.Marshal([]any{r.Config, r.Backend})
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(key)
	r.Dir = filepath.Join(root, fmt.Sprintf("%s-%s-%d-layers-seed-%d-%s", cfg.Data, cfg.Flow.Name(), cfg.Flow.Layers, cfg.Seed, hex.EncodeToString(sum[:4])))
	return r, nil
}

// Check returns an error that says what is wrong with cfg, before anything is run.
func (c Config) Check() error {
	density, err := dataset.ByName(c.Data)
	if err != nil {
		return err
	}
	if c.Flow.Features != density.Features || c.Flow.Context != 0 {
		return fmt.Errorf("%s has %d features and no context, the flow has %d features and %d columns of context", show.Name(c.Data), density.Features, c.Flow.Features, c.Flow.Context)
	}
	for _, n := range []int{c.Train, c.Valid, c.Test} {
		if n < 2 {
			return fmt.Errorf("train, valid and test need at least 2 events each, found %d, %d and %d", c.Train, c.Valid, c.Test)
		}
	}
	if _, err := c.Flow.Build(); err != nil {
		return err
	}
	return c.Fit.Check()
}

// Scorer returns the engine that trained the flow.
func (r *Result) Scorer() (density.Scorer, error) {
	if r.Config.Fit.Engine != fit.EngineFast {
		return r.Model, nil
	}
	saved, err := r.Model.Saved(nil)
	if err != nil {
		return nil, err
	}
	return saved.Fast()
}

func (r *Result) modelDir() string { return filepath.Join(r.Dir, "model") }
