package tabular

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"normflow/flowlib/eval"
	"normflow/flowlib/flow"
	"normflow/flowlib/table"
)

// Evaluation describes how good a model is on a table.
type Evaluation struct {
	Model string `json:"model"`
	Seen
	// Same says that the table is the one the model was fitted to, so the fit has seen
	// its rows.
	Same bool `json:"same_file"`
	// HeldOut is the NLL of the test rows at the fit (validation rows if there was no
	// test); absent without a record.
	HeldOut *NLL `json:"held_out_nll,omitempty"`

	// Diagnostics are absent if the rows cannot be diagnosed; Undiagnosed says why.
	Diagnostics *eval.Diagnostics `json:"diagnostics,omitempty"`
	Undiagnosed string            `json:"undiagnosed,omitempty"`

	// Verdict sums up the figures in sentences.
	Verdict []string `json:"verdict"`

	weighted bool
	rows     [][]float64 // a sample of the table, dequantized
	score    []float64   // their log-densities
	draws    [][]float64 // of the model, as many
}

// maxDiagnosed is how many rows are kept for the diagnosis and the pictures.
const maxDiagnosed = 10000

// Evaluate measures the NLL of a table of any size, and compares a sample of its rows
// with draws of the model. Features that were dequantized at the fit are dequantized
// here.
func (m *Model) Evaluate(ctx context.Context, file string, o Options, seed int64) (*Evaluation, error) {
	e := &Evaluation{Model: m.Dir, weighted: o.Weights != ""}
	// Reservoir sampling: every row has the same chance to be in the sample. Source:
	// Vitter 1985, algorithm R, https://doi.org/10.1145/3147.3165.
	rng := rand.New(rand.NewPCG(uint64(seed), 0xe7a1))
	noise := m.noise(seed)
	count := 0
	var err error
	e.Seen, err = m.each(ctx, file, o, noise, nil, func(c *table.Chunk, logProb []float64) error {
		for i := range c.Len() {
			count++
			if count <= maxDiagnosed {
				e.rows, e.score = append(e.rows, slices.Clone(c.Row(i))), append(e.score, logProb[i])
			} else if at := rng.IntN(count); at < maxDiagnosed {
				e.rows[at], e.score[at] = slices.Clone(c.Row(i)), logProb[i]
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if r := m.Record; r != nil {
		if e.Same, err = m.same(e.Seen); err != nil {
			return nil, err
		}
		e.HeldOut = &r.Valid
		if r.Test != nil {
			e.HeldOut = r.Test
		}
	}
	if err := m.diagnose(e, seed); err != nil {
		return nil, err
	}
	e.Verdict = e.verdict(m)
	e.Warnings = append(e.Warnings, m.moved(e.Seen)...)
	return e, nil
}

// same reports whether a table holds the rows that the model was fitted to, by its sketch
// or by the hash of a file.
func (m *Model) same(seen Seen) (bool, error) {
	if m.Record == nil || seen.watch.known.knows() {
		return m.Record != nil, nil
	}
	if m.Record.Source.SHA256 == "" && m.Record.Source.Files == nil {
		return false, nil
	}
	sha, err := sum(seen.File)
	return m.Record.Source.has(sha), err
}

// noise returns what dequantizes the features on a grid, or nil. Context gets no noise,
// even if an older version fitted the model to noisy context.
func (m *Model) noise(seed int64) func(rows [][]float64) {
	if m.Record == nil || m.Record.Steps == nil {
		return nil
	}
	steps := m.Record.Steps[:len(m.Features)]
	chunk := int64(0)
	return func(rows [][]float64) {
		table.Dequantize(rows, steps, seed+chunk<<32)
		chunk++
	}
}

// diagnose compares the rows with draws if possible.
func (m *Model) diagnose(e *Evaluation, seed int64) error {
	switch {
	case len(m.Context) > 0:
		e.Undiagnosed = "the model is conditional: only its NLL can be judged"
		return nil
	case m.knowsMissing():
		e.Undiagnosed = "missing values are part of the density: only its NLL can be judged, since tests take complete rows"
		return nil
	case e.weighted:
		e.Undiagnosed = "the rows have weights: only their NLL can be judged, since tests take rows that count the same"
		return nil
	case len(e.rows) < 100:
		e.Undiagnosed = fmt.Sprintf("%d rows are too few to test the model by: at least 100 are needed", len(e.rows))
		return nil
	}
	of, err := m.subject()
	if err != nil {
		return err
	}
	d, err := eval.Diagnose(of, nil, e.rows, seed)
	if err != nil {
		if errors.Is(err, flow.ErrNaN) {
			return err
		}
		e.Undiagnosed = err.Error()
		return nil
	}
	e.Diagnostics = &d
	for d, err := range of.DrawChunks(flow.Sampling{Seed: seed + 1, Count: min(len(e.rows), maxDiagnosed)}) {
		if err != nil {
			return err
		}
		e.draws = append(e.draws, d.X...)
	}
	return nil
}

// subject returns the model for a diagnosis: a single flow has latents, a mixture has
// none.
func (m *Model) subject() (eval.Subject, error) {
	if _, err := m.Saved.Single(); err == nil {
		return m.graph("fast")
	}
	return subject{m.engine, m.Saved}, nil
}

type subject struct {
	flow.Engine
	saved *flow.Mixture
}

func (s subject) Features() int { return s.saved.Features() }
func (s subject) Context() int  { return s.saved.Context() }

// verdict sums up the figures in a sentence or two.
func (e *Evaluation) verdict(m *Model) []string {
	all := []string{}
	say := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	if e.Same {
		s := m.Record.Split
		say("The model was fitted to these rows: it knows %.0f %% of the rows, and the figures flatter it. Judge it on fresh rows.", 100*float64(s.Train+s.Valid)/float64(s.Train+s.Valid+s.Test))
	}
	if e.NLL != nil && e.HeldOut != nil && e.HeldOut.Zero == 0 && !e.Same {
		gap, se := e.NLL.Mean-e.HeldOut.Mean, math.Hypot(e.NLL.SE, e.HeldOut.SE)
		switch {
		case gap > 3*se:
			say("The rows are less likely than those held out at the fit by %.3f ± %.3f nats: they come from another distribution, or the table has changed.", gap, se)
		case gap < -3*se:
			say("The rows are more likely than those held out at the fit by %.3f ± %.3f nats: they are of a special kind, or the fit has seen them.", -gap, se)
		default:
			say("The rows are as likely as those held out at the fit (difference %.3f ± %.3f nats).", gap, se)
		}
	}
	if d := e.Diagnostics; d != nil {
		switch {
		case d.PValue >= 0.05:
			say("No test tells %d rows from as many draws of the model (p = %.2g).", d.Rows, d.PValue)
		case math.Abs(d.C2ST.Statistic-0.5) <= 0.05:
			say("Tests on %d rows see differences (p = %.2g), small ones: a classifier tells rows from draws in %.1f %% of the cases, where 50 %% is guessing.", d.Rows, d.PValue, 100*d.C2ST.Statistic)
		default:
			say("The model differs from the rows: a classifier tells them from draws in %.1f %% of the cases, where 50 %% is guessing. More steps, layers, another model or more rows may help.", 100*d.C2ST.Statistic)
		}
	}
	return all
}
