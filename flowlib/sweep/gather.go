package sweep

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strconv"

	"normflow/flowlib/figure"
	"normflow/flowlib/flow"
	"normflow/flowlib/table"
	"normflow/flowlib/tabular"
	"normflow/internal/numbers"
	"normflow/internal/show"
	"normflow/internal/whole"
)

// The files that [Gather] writes into the folder of a sweep.
const (
	TableFile      = "results.csv"
	PictureFile    = "results.svg"
	EnsembleFolder = "ensemble"
)

// Result is what a sweep has found.
type Result struct {
	Members  []State         `json:"members"`
	Settings []Setting       `json:"settings"` // the best first
	Best     string          `json:"best"`     // the folder of the best member of the best setting
	Ensemble *tabular.Record `json:"-"`        // nil where there is none
	// EnsembleNLL is that of the ensemble on the test rows; Why says why there is none.
	EnsembleNLL *tabular.NLL `json:"ensemble_test,omitempty"`
	Why         string       `json:"no_ensemble,omitempty"`
}

// Setting is what members of other seeds and folds have in common.
type Setting struct {
	Name   string    `json:"name"`
	NLLs   []float64 `json:"nlls"` // of the test rows, else of the validation rows, nats
	Median float64   `json:"median"`
	best   State
}

// Gather puts the members of a sweep beside each other. It writes a table, a picture of
// the NLLs by setting, and the ensemble of the best setting's members, or of all where
// there is one member a setting. It returns an error unless all members are there; partial
// takes those that are.
func Gather(dir string, partial bool, note func(table.Note)) (*Result, error) {
	p, err := Read(dir)
	if err != nil {
		return nil, err
	}
	states, err := Status(dir)
	if err != nil {
		return nil, err
	}
	r := &Result{}
	var missing []string
	for _, s := range states {
		if s.State == "finished" {
			r.Members = append(r.Members, s)
		} else {
			missing = append(missing, s.Name+" "+s.State)
		}
	}
	if len(r.Members) == 0 || len(missing) > 0 && !partial {
		return nil, fmt.Errorf("%s: %d of %d members are not there: %s", show.Path(dir), len(missing), len(p.Members), show.List(missing))
	}
	r.settle()
	r.Best = filepath.Join(dir, r.Settings[0].best.Name)
	if err := writeTable(filepath.Join(dir, TableFile), r.Members); err != nil {
		return nil, err
	}
	if err := writePicture(filepath.Join(dir, PictureFile), r.Settings); err != nil {
		return nil, err
	}
	return r, r.ensemble(dir, p, note)
}

// nll is what members are compared by.
func (s State) nll() float64 {
	if s.Test != nil {
		return s.Test.Mean
	}
	return s.Valid.Mean
}

// settle groups the members by their settings.
func (r *Result) settle() {
	place := map[string]int{}
	for _, s := range r.Members {
		name := s.Setting()
		at, known := place[name]
		if !known {
			at = len(r.Settings)
			place[name] = at
			r.Settings = append(r.Settings, Setting{Name: name, best: s})
		}
		of := &r.Settings[at]
		of.NLLs = append(of.NLLs, s.nll())
		if s.Valid.Mean < of.best.Valid.Mean { // the test rows choose nothing
			of.best = s
		}
	}
	valid := map[string][]float64{}
	for _, s := range r.Members {
		valid[s.Setting()] = append(valid[s.Setting()], s.Valid.Mean)
	}
	for i := range r.Settings {
		r.Settings[i].Median = numbers.Median(r.Settings[i].NLLs)
	}
	slices.SortStableFunc(r.Settings, func(a, b Setting) int {
		return cmp.Compare(numbers.Median(valid[a.Name]), numbers.Median(valid[b.Name]))
	})
}

// ensemble saves the mean of the members' densities.
func (r *Result) ensemble(dir string, p *Plan, note func(table.Note)) error {
	var models []string
	for _, s := range r.Members {
		if len(r.Settings) == len(r.Members) || s.Setting() == r.Settings[0].Name {
			models = append(models, filepath.Join(dir, s.Name))
		}
	}
	switch {
	case p.Grid.Folds > 0:
		r.Why = "the members of a cross-validation have other test rows each: no row is left that none has seen"
		return nil
	case len(models) < 2:
		r.Why = "one member has no ensemble"
		return nil
	}
	var err error
	r.Ensemble, err = tabular.Ensemble(p.Table, filepath.Join(dir, EnsembleFolder), models, p.config(r.Members[0].Member), note)
	if errors.Is(err, flow.ErrUnlike) {
		r.Why = err.Error()
		return nil
	}
	if err == nil {
		r.EnsembleNLL = r.Ensemble.Test
	}
	return err
}

// writeTable writes a row for each member.
func writeTable(path string, members []State) error {
	var texts []table.Column
	for _, name := range []string{"member", "model", "engine"} {
		texts = append(texts, table.Column{Name: name, Kind: table.Text})
	}
	w, err := table.Create(path, texts, []string{"layers", "learning_rate", "seed", "fold", "valid_nll", "valid_se", "test_nll", "test_se", "seconds"}, table.Dialect{})
	if err != nil {
		return err
	}
	defer w.Abort()
	for _, s := range members {
		test := tabular.NLL{}
		test.Mean, test.SE = math.NaN(), math.NaN()
		if s.Test != nil {
			test = *s.Test
		}
		err := w.Write([]string{s.Name, cmp.Or(s.Model, "default"), s.Engine},
			[]float64{float64(s.Layers), s.LearningRate, float64(s.Seed), float64(s.Fold), s.Valid.Mean, s.Valid.SE, test.Mean, test.SE, s.Seconds})
		if err != nil {
			return err
		}
	}
	return w.Commit()
}

// writePicture draws how far each setting is from the best.
func writePicture(path string, settings []Setting) error {
	least := math.Inf(1)
	for _, s := range settings {
		least = min(least, s.Median)
	}
	var names []string
	panel := figure.ComparePanel{}
	for _, s := range settings {
		var above []float64
		for _, v := range s.NLLs {
			above = append(above, v-least)
		}
		names = append(names, s.Name)
		panel.Values = append(panel.Values, [][]float64{above})
	}
	info := figure.Info{Title: "NLL of held-out rows by setting", Description: "How far the NLL of each setting is above the best median, nats: a dot at the median, open dots for single seeds and folds; the best median is " + strconv.FormatFloat(least, 'f', 4, 64) + " nats."}
	svg, err := figure.Compare(info, "NLL above "+strconv.FormatFloat(least, 'f', 3, 64)+" nats", names, []string{""}, panel)
	if err != nil {
		return err
	}
	return whole.WriteFile(path, []byte(svg))
}
