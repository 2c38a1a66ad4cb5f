// Package sweep fits one table many times: with other seeds, models, numbers of layers,
// learning rates and folds. Each fit is a member, a model in a folder of its own, made by
// any process that sees the folder of the sweep; [Gather] puts them beside each other.
//
// All members of a fold are split by one seed and judged on the same rows.
package sweep

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"normflow/flowlib/table"
	"normflow/flowlib/tabular"
	"normflow/internal/agreed"
	"normflow/internal/show"
)

// Grid says what members differ in: they are all combinations. An empty list leaves a
// setting to the program, and 0 folds test a share of the rows.
type Grid struct {
	Models        []string  `json:"models,omitempty"`
	Layers        []int     `json:"layers,omitempty"`
	LearningRates []float64 `json:"learning_rates,omitempty"`
	Seeds         []int64   `json:"seeds,omitempty"`
	Folds         int       `json:"folds,omitempty"`
}

// Member is one fit.
type Member struct {
	Name         string  `json:"name"` // of its folder
	Model        string  `json:"model,omitempty"`
	Layers       int     `json:"layers,omitempty"`
	LearningRate float64 `json:"learning_rate,omitempty"`
	Seed         int64   `json:"seed"`
	Fold         int     `json:"fold"`
	Folds        int     `json:"folds,omitempty"`
}

// Setting names what a member has in common with those of other seeds and folds.
func (m Member) Setting() string {
	var words []string
	if m.Model != "" {
		words = append(words, m.Model)
	}
	if m.Layers != 0 {
		words = append(words, fmt.Sprintf("%d layers", m.Layers))
	}
	if m.LearningRate != 0 {
		words = append(words, fmt.Sprintf("rate %g", m.LearningRate))
	}
	if words == nil {
		return "default"
	}
	return strings.Join(words, ", ")
}

// maxMembers is that of a Slurm array by default.
const maxMembers = 1000

// Members lists the combinations, seeds and folds within each setting.
func (g Grid) Members() ([]Member, error) {
	folds := max(1, g.Folds)
	var all []Member
	for _, model := range orZero(g.Models) {
		for _, layers := range orZero(g.Layers) {
			for _, rate := range orZero(g.LearningRates) {
				for _, seed := range orZero(g.Seeds) {
					for fold := range folds {
						name := fmt.Sprintf("member-%03d", len(all))
						all = append(all, Member{name, model, layers, rate, seed, fold, g.Folds})
						if len(all) > maxMembers {
							return nil, fmt.Errorf("the sweep has more than %d members: leave some out", maxMembers)
						}
					}
				}
			}
		}
	}
	return all, nil
}

func orZero[T any](list []T) []T {
	if len(list) == 0 {
		return make([]T, 1)
	}
	return list
}

// Plan is what a sweep is of. It lies in the folder of the sweep and is the same for all
// processes.
type Plan struct {
	Format  int               `json:"format"`
	Table   string            `json:"table"` // its path, absolute
	Bytes   int64             `json:"bytes"` // of it
	Fit     tabular.FitConfig `json:"fit"`   // what all members have in common
	Grid    Grid              `json:"grid"`
	Members []Member          `json:"members"`
}

const (
	planFormat = 1
	planFile   = "sweep.json"
)

// New plans a sweep over a table. Each combination is checked as the fit would check it.
func New(file string, c tabular.FitConfig, g Grid) (*Plan, error) {
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s: there is no such file: check the name and the folder", show.Path(file))
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s: is no plain file, expected one that can be read again", show.Path(file))
	}
	path, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	if g.Folds == 1 || g.Folds < 0 {
		return nil, &table.Error{Option: OptionFolds, Problem: fmt.Sprintf("expected at least 2, found %d", g.Folds)}
	}
	members, err := g.Members()
	if err != nil {
		return nil, err
	}
	if c.SplitSeed == nil {
		c.SplitSeed = new(int64) // the same for all members
	}
	p := &Plan{planFormat, path, info.Size(), c, g, members}
	for _, m := range members {
		if err := p.config(m).Check(); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// OptionFolds is [Grid.Folds] in messages.
const OptionFolds table.Option = "Folds"

// config returns the options of a member's fit.
func (p *Plan) config(m Member) tabular.FitConfig {
	c := p.Fit
	c.Seed, c.Model, c.Layers, c.LearningRate, c.Fold, c.Folds = m.Seed, m.Model, m.Layers, m.LearningRate, m.Fold, m.Folds
	return c
}

// Enter puts the plan into the folder, which is made where it is missing. A plan that lies
// there must be the same.
func (p *Plan) Enter(dir string) error {
	err := agreed.Enter(dir, planFile, "the sweep", isResult, p)
	if errors.Is(err, agreed.ErrOther) {
		return fmt.Errorf("%s: holds another sweep: name another folder, or delete it", show.Path(dir))
	}
	return err
}

// isResult reports whether a sweep may write a file or folder of this name.
func isResult(name string) bool {
	switch name {
	case TableFile, PictureFile, EnsembleFolder, arrayFile, gatherFile, jobsFile:
		return true
	}
	return strings.HasPrefix(name, "member-")
}

// Read returns the plan of a folder.
func Read(dir string) (*Plan, error) {
	p := &Plan{}
	if err := agreed.Read(dir, planFile, "the folder of a sweep", planFormat, p); err != nil {
		return nil, err
	}
	for i, m := range p.Members {
		if m.Name != fmt.Sprintf("member-%03d", i) {
			return nil, fmt.Errorf("%s: is damaged: member %d is called %s", show.Path(filepath.Join(dir, planFile)), i, show.Quoted(m.Name))
		}
	}
	return p, nil
}
