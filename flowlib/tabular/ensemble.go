package tabular

import (
	"fmt"

	"normflow/flowlib/fit"
	"normflow/flowlib/fitplace"
	"normflow/flowlib/flow"
	"normflow/flowlib/table"
)

// Ensemble saves the mean of the densities of models, which [Fit] has made of the table in
// file with the options c but for their seeds and flows, as one model in the folder dir.
// It is judged as a fit is, on the same rows.
func Ensemble(file, dir string, models []string, c FitConfig, note func(table.Note)) (*Record, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	place, err := fitplace.Take(dir, maxFlows, file)
	if err != nil {
		return nil, err
	}
	defer place.Leave()
	var all []*flow.Mixture
	folded := false
	for _, path := range models {
		m, err := flow.ReadMixture(path)
		if err != nil {
			return nil, err
		}
		r, err := ReadRecord(path)
		if err != nil {
			return nil, err
		}
		folded = folded || r.Folds > 0
		all = append(all, m)
	}
	if note == nil {
		note = func(table.Note) {}
	}
	j := &job{FitConfig: c, Progress: Progress{Note: func(table.Note) {}}, place: place}
	if err := j.prepare(file); err != nil {
		return nil, err
	}
	j.Note = note
	if j.saved, err = flow.Ensemble(all); err != nil {
		return nil, err
	}
	j.record.Reasons = []string{fmt.Sprintf("the mean of the densities of %d fits", len(all))}
	if folded {
		j.warn(table.NoteOf("the fits of the ensemble have seen its validation rows, in cross-validation: only the NLL of the test rows is of rows that none has seen"))
	}
	j.record.Engine, j.record.Fit, j.record.Result = "fast", j.fit, fit.Result{}
	if err := j.judge(); err != nil {
		return nil, err
	}
	if err := j.save(); err != nil {
		return nil, err
	}
	return &j.record, nil
}
