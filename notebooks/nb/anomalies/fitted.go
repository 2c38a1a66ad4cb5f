package anomalies

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/janpfeifer/must"

	"normflow/flowlib/anomaly"
	"normflow/flowlib/backend"
	"normflow/flowlib/density"
	"normflow/flowlib/experiment"
	"normflow/flowlib/figure"
	"normflow/flowlib/tabular"
	"normflow/notebooks/nb"
	"normflow/notebooks/nb/runs"
)

// Scores are the log-densities, in nats, that a model gives to rows it has not seen.
type Scores struct {
	Calibration []float64 `json:"calibration"` // normal
	Normal      []float64 `json:"normal"`      // of the test
	Anomalies   []float64 `json:"anomalies"`   // of the test
}

// Fitted is a flow that was fitted to the normal rows of a table, and its scores.
type Fitted struct {
	Record     *tabular.Record `json:"record"` // of the fit: choices with their reasons, and the curve
	Parameters int             `json:"parameters"`
	Scores     Scores          `json:"scores"`
	Layers     int             `json:"layers"`

	Parts Parts  `json:"-"`
	Dir   string `json:"-"` // of the model
}

// FitParts fits a flow to the training rows as flow fit does, with a progress bar below
// the cell, and scores the other parts; or it returns an earlier result at once. 0 layers
// leave the choice to flow fit.
func FitParts(p Parts, layers int) Fitted {
	folder := p.write()
	cfg := tabular.DefaultFit()
	cfg.Seed, cfg.Layers, cfg.Steps = p.Seed, layers, nb.Steps(0)
	cfg.Options = map[string]string{} // as the command would record them
	for name, value := range map[string]int{"seed": int(p.Seed), "layers": layers, "steps": cfg.Steps} {
		if value != 0 {
			cfg.Options[name] = fmt.Sprint(value)
		}
	}
	f := Fitted{Parts: p, Dir: filepath.Join(folder, "flow-"+p.key(cfg))}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	must.M1(experiment.Once(ctx, f.Dir+".json", &f, func() error {
		f.Record = fitTable(ctx, filepath.Join(folder, "train.csv"), f.Dir, cfg)
		m := must.M1(tabular.Open(f.Dir, cfg.Engine))
		rows := slices.Concat(p.Calibration, p.Normal, p.Anomalies) // together, because every size is compiled separately
		logProb := must.M1(density.LogProb(m, rows))
		n, n2 := len(p.Calibration), len(p.Calibration)+len(p.Normal)
		f.Scores = Scores{logProb[:n], logProb[n:n2], logProb[n2:]}
		f.Parameters, f.Layers = m.Saved.Parameters(), m.Saved.Couplings()
		return nil
	}))
	return f
}

// key abbreviates all that a fit depends on besides the code: rows, options and the
// backend.
func (p Parts) key(cfg tabular.FitConfig) string {
	sum := sha256.Sum256(must.M1(json.Marshal([]any{p, cfg.Seed, cfg.Valid, cfg.Model, cfg.Layers, cfg.Steps, backend.Name(runs.Backend())})))
	return hex.EncodeToString(sum[:4])
}

// fitTable is tabular.Fit with a progress bar. Interrupting the cell keeps a checkpoint,
// from which running it again continues.
func fitTable(ctx context.Context, file, dir string, cfg tabular.FitConfig) *tabular.Record {
	cfg.Resume = true
	bar, start := runs.NewBar(fmt.Sprintf("flow fit, seed %d", cfg.Seed)), time.Now()
	r, err := tabular.Fit(ctx, file, dir, cfg, tabular.Progress{Step: bar.Step})
	bar.Check(err)
	bar.End("%.0f s on %s", time.Since(start).Seconds(), r.Engine)
	return r
}

// Curve returns the training curve as log-likelihood.
func (f Fitted) Curve() figure.CurvePanel {
	return runs.CurvePanel(f.Parts.Name+" rows", f.Record.Result.Curve)
}

// Commands returns commands that do the same in a shell, in the folder of the parts.
func (f Fitted) Commands(falseAlarm float64) string {
	folder := filepath.Dir(f.Dir)
	if relative, err := filepath.Rel(nb.Root(), folder); err == nil && filepath.IsLocal(relative) {
		folder = relative
	}
	options := ""
	for _, name := range slices.Sorted(maps.Keys(f.Record.Options)) {
		options += fmt.Sprintf(" --%s %s", name, f.Record.Options[name])
	}
	return fmt.Sprintf(`cd %s
flow fit train.csv -o model%s
flow anomaly model test.csv --calibration calibration.csv --labels %s \
  --false-alarm %g --keep -o flagged.csv
flow eval model test.csv -o page.html`, folder, options, Label, falseAlarm)
}

// Decide flags the test rows as flow anomaly does. It panics if no p-value can be as
// small as asked.
func Decide(s Scores, asked float64) anomaly.Decision {
	return must.M1(anomaly.Decide(s.Calibration, s.Normal, s.Anomalies, asked))
}

// pValues returns the conformal p-values of log-densities.
func (s Scores) pValues(logProb []float64) []float64 {
	return must.M1(anomaly.PValues(s.Calibration, logProb))
}

// Summary returns the decision for the report.
func Summary(d anomaly.Decision) map[string]float64 {
	return map[string]float64{
		"false_alarm": d.Asked, "calibrated": float64(d.Calibrated), "promised": d.Promised, "least": d.Least, "threshold": d.Threshold,
		"normal": float64(d.Normal), "anomalies": float64(d.Anomalies), "false_alarms": d.FalseAlarmRate(), "found": d.Found(),
		"auroc": d.AUROC, "average_precision": d.AveragePrecision,
	}
}
