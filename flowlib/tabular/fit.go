package tabular

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/gomlx/compute"
	"gonum.org/v1/gonum/stat"

	"normflow/flowlib/dataset"
	"normflow/flowlib/fit"
	"normflow/flowlib/fitplace"
	"normflow/flowlib/flow"
	"normflow/flowlib/table"
	"normflow/internal/show"
)

// Progress holds the callbacks of a fit; both may be nil.
type Progress struct {
	Note func(table.Note) // what was read, warnings, choices and their reasons
	Step fit.Progress
}

// InterruptedError is returned by Fit if its context ends while it trains. Its Checkpoint
// is the file from which the fit can continue, "" if there is none yet.
type InterruptedError = fitplace.InterruptedError

// CheckpointOf returns where Fit keeps its checkpoint while it fits the model in a folder.
func CheckpointOf(dir string) string { return fitplace.CheckpointOf(dir) }

// maxFlows is how many flows a fit trains, each with a checkpoint: a small and a large
// one for the rows, or for each pattern of atoms that has flows.
const maxFlows = 2 * flowPatterns

// Fit fits a model to a table, see [FitFiles].
func Fit(ctx context.Context, file, dir string, c FitConfig, p Progress) (*Record, error) {
	return FitFiles(ctx, []string{file}, dir, c, p)
}

// FitFiles fits a model to the table in one or more files, whose columns have the same names
// and whose rows follow each other, see [table.Files]. It saves the model to the folder dir,
// replacing an older model there. While it trains it keeps a checkpoint at DIR.checkpoint,
// and at DIR.checkpoint.2 to .6 for further flows. Whenever it is interrupted, dir holds
// either the old or the new model, whole. A second fit to the same folder at the same time
// is refused.
func FitFiles(ctx context.Context, files []string, dir string, c FitConfig, p Progress) (*Record, error) {
	if len(files) == 0 {
		return nil, errors.New("tabular: there is no file to fit a model to")
	}
	if p.Note == nil {
		p.Note = func(table.Note) {}
	}
	if err := c.Check(); err != nil {
		return nil, err
	}
	place, err := fitplace.Take(dir, maxFlows, files...)
	if err != nil {
		return nil, err
	}
	defer place.Leave()
	j := &job{FitConfig: c, Progress: p, place: place}
	if err := place.Resume(c.Resume, j.Note); err != nil {
		return nil, err
	}
	if err := j.prepare(files...); err != nil {
		return nil, err
	}
	if err := j.train(ctx); err != nil {
		return nil, err
	}
	if err := j.judge(); err != nil {
		return nil, err
	}
	if err := j.save(); err != nil {
		return nil, err
	}
	if err := place.RemoveCheckpoints(0); err != nil {
		return nil, fmt.Errorf("the model is saved, its checkpoint stays: %w", err)
	}
	return &j.record, nil
}

// save writes the model with its record.
func (j *job) save() (err error) {
	if j.saved.Training, err = json.Marshal(j.record); err != nil {
		return fmt.Errorf("the record of the fit: %w", err)
	}
	return j.saved.Write(j.place.Dir)
}

// job is one call of Fit.
type job struct {
	FitConfig
	Progress
	place    *fitplace.Place
	data     *data
	whitener *dataset.Standardizer
	flow     flow.Config
	fit      fit.Config
	backend  compute.Backend
	model    *flow.Model   // if the user chose a single flow
	saved    *flow.Mixture // what is saved
	trained  int           // flows trained so far, each with a checkpoint
	record   Record

	held        []float64 // log-densities of rows by stacked fits that did not see them
	heldWeights []float64 // of these rows
	simpleOnly  bool      // try no flows
	whole       bool      // no cross-validation
}

// prepare reads the table and makes every choice.
func (j *job) prepare(files ...string) error {
	var rows [][]float64
	var err error
	if j.data, rows, err = read(files, j.FitConfig, j.Note); err != nil {
		return err
	}
	if err := j.data.split(rows, j.FitConfig); err != nil {
		return err
	}
	d := j.data
	kept, err := d.dropConstants(rows)
	if err != nil {
		return err
	}
	if err := d.split(kept, j.FitConfig); err != nil { // the same rows as before, without those columns
		return err
	}
	chosen, err := j.choose()
	if err != nil {
		return err
	}
	if err := j.mapColumns(chosen.Noise); err != nil {
		return err
	}
	d.treat(chosen.Noise)
	d.warnOfRows(chosen.Noise, !j.chosenByTable() && len(d.context)+len(d.levels) == 0)
	d.noteTreatments(j.Note)
	for _, warning := range d.warnings {
		warning.Remedies = j.leavingOut(warning.Remedies)
		j.warn(warning)
	}
	d.dequantize(chosen, j.splitSeed())
	j.flow, j.fit = chosen.Flow, chosen.Fit
	if j.LearningRate > 0 {
		j.fit.LearningRate = j.LearningRate
	}
	j.flow.Seed, j.fit.Seed = j.Seed, j.Seed
	d.applyMaps()
	features, context := columnsOf(d.mapped.Train, len(d.features))
	// Only the first copy of each row counts: others would leak into cross-validation.
	if d.atoms == nil && len(d.levels) == 0 { // else each pattern of them, or the centred numbers, are scaled
		if j.whitener, _, err = dataset.NewWeightedWhitener(features[:len(d.raw.Train)], d.weights.train); err != nil {
			return fmt.Errorf("%s: the training rows: %w", show.Path(d.name), err)
		}
		j.flow.Scaler = j.whitener
		if j.flow.Layers > 0 {
			j.flow.Scaler = j.whitener.ForFlow()
		}
	}
	if len(d.context) > 0 {
		if j.flow.ContextScaler, err = dataset.NewWeightedStandardizer(context, times(d.weights.train, len(context))); err != nil {
			return fmt.Errorf("%s: the training rows: columns of context: %w", show.Path(d.name), err)
		}
	}
	j.fit.Checkpoint = j.place.Checkpoint(0)
	j.record = Record{
		Kind: recordKind, Program: flow.Library(), Created: time.Now().UTC().Format(time.RFC3339),
		Source: d.source, Streamed: d.streamed, Features: d.features, Context: d.context, ContextTexts: d.contextTexts, Weights: j.Weights, Summary: d.summary,
		Split: Split{j.splitSeed(), len(d.raw.Train), len(d.raw.Valid), len(d.raw.Test)},
		Steps: chosen.Noise, Columns: d.columns, Reasons: chosen.Reasons, Warnings: append([]table.Note{}, j.record.Warnings...), Options: j.Options,
	}
	for _, reason := range chosen.Reasons {
		j.Note(table.Note{Says: reason})
	}
	if len(d.raw.Test) == 0 {
		j.Note(table.NoteOf("no rows are kept for the test: p-values of anomalies will be by the validation rows, which choose when training ends, and a little too small"))
	}
	return nil
}

// columnsOf separates rows, [n, D+C], into features and context.
func columnsOf(rows [][]float64, features int) (x, context [][]float64) {
	for _, row := range rows {
		x, context = append(x, row[:features]), append(context, row[features:])
	}
	return x, context
}

// train opens the backend and trains the chosen model, or all candidates.
func (j *job) train(ctx context.Context) error {
	if err := j.openBackend(); err != nil {
		return err
	}
	j.record.Fit = j.fit
	if j.Devices > 1 {
		j.Note(table.NoteOf("each batch is shared by %s", j.record.On()))
	}
	j.noteSample()
	if j.data.atoms != nil {
		return j.stackPatterns(ctx)
	}
	return j.trainRows(ctx)
}

// trainRows trains on rows that have no atoms.
func (j *job) trainRows(ctx context.Context) error {
	if len(j.data.levels) > 0 {
		return j.trainGiven(ctx)
	}
	return j.trainNumbers(ctx)
}

// trainNumbers trains on numbers, which may be given categories.
func (j *job) trainNumbers(ctx context.Context) error {
	if j.chosenByTable() {
		return j.stack(ctx)
	}
	var err error
	if j.model, err = j.flow.NewModel(j.backend); err != nil {
		return err
	}
	j.Note(table.NoteOf("fitting %s, %d layers, %d parameters, to %d rows, at most %d steps of %d, on %s",
		j.flow.Name(), j.flow.Layers, j.model.NumParameters(), j.trainingRows(), j.fit.Steps, j.fit.BatchSize, j.record.Engine))
	if j.model.NumParameters() > 0 { // otherwise a Gaussian, which its scaler describes
		c := j.fit
		if f, err := j.feed(); err != nil {
			return err
		} else if f != nil {
			defer j.close(f)
			c.Stream = f
		}
		if j.record.Result, err = j.run(ctx, j.model, part{train: j.data.mapped.Train, valid: j.data.mapped.Valid, weights: j.data.weights.train, judges: j.data.weights.valid}, c, j.Step); err != nil {
			return j.place.Interrupted(ctx, err)
		}
		j.noteZeros()
		if err := j.besideGaussian(); err != nil {
			return err
		}
	}
	saved, err := j.model.Saved(nil)
	if err != nil {
		return err
	}
	j.saved, err = j.mixtureOf([]flow.Member{{Weight: 1, Saved: saved}})
	return err
}

// chosenByTable reports whether the user leaves the choice of the model to the program.
func (j *job) chosenByTable() bool { return j.Model == "" && j.Layers == 0 }

// run trains a flow on mapped rows. Its curve is in nats of the unmapped rows.
func (j *job) run(ctx context.Context, m *flow.Model, p part, c fit.Config, step fit.Progress) (fit.Result, error) {
	w := j.data.weights
	train := stat.Mean(j.data.trainLogDet, times(w.train, len(j.data.trainLogDet)))
	valid := stat.Mean(j.data.validLogDet, times(w.valid, len(j.data.validLogDet)))
	c.Weights, c.ValidWeights = times(p.weights, len(p.train)), times(p.judges, len(p.valid))
	if math.IsInf(valid, 0) { // a row is outside the support
		valid = train
	}
	inUnits := func(p fit.Point) fit.Point {
		p.Train, p.Valid = p.Train-train, p.Valid-valid
		return p
	}
	result, err := fit.Run(ctx, m, p.train, p.valid, c, func(p fit.Point, of fit.Config) {
		if step != nil {
			step(inUnits(p), of)
		}
	})
	for i, p := range result.Curve {
		result.Curve[i] = inUnits(p)
	}
	result.BestValid -= valid
	return result, err
}
