package runs

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/janpfeifer/must"

	"normflow/flowlib/anomaly"
	"normflow/flowlib/dataset"
	"normflow/flowlib/density"
	"normflow/flowlib/experiment"
	"normflow/flowlib/flow"
	"normflow/notebooks/nb"
)

// Figures holds the report's figures of one fitted flow, in nats.
type Figures struct {
	Name        string  `json:"name"`
	Entropy     float64 `json:"entropy"`
	NLL         float64 `json:"nll"`
	NLLSE       float64 `json:"nll_se"`
	KL          float64 `json:"kl"`
	KLSE        float64 `json:"kl_se"`
	Integral    float64 `json:"integral"`
	RoundTrip32 float64 `json:"roundtrip_32"`
	RoundTrip64 float64 `json:"roundtrip_64"`
	Seconds     float64 `json:"seconds"` // of training
}

// Judge measures a run on fresh events, and verifies that it is a density.
func Judge(r *experiment.Result) Figures {
	proof := must.M1(r.Prove())
	return Figures{
		Name: r.Config.Data, Entropy: r.Entropy,
		NLL: r.NLL.Mean, NLLSE: r.NLL.SE, KL: r.KL.Mean, KLSE: r.KL.SE,
		Integral: proof.Integral, RoundTrip32: proof.RoundTrip32, RoundTrip64: proof.RoundTrip64,
		Seconds: r.Fit.Seconds,
	}
}

// Report shows the figures of several flows with the same training as a table and in a
// sentence, and stores them for the report with the training of r.
func Report(name string, r *experiment.Result, flows map[string]Figures) {
	values := map[string]any{
		"layers": r.Config.Flow.Layers, "params": r.Parameters, "backend": engineName(r), "seed": r.Config.Seed,
		"steps": r.Config.Fit.Steps, "batch": r.Config.Fit.BatchSize,
		"train_points": r.Config.Train, "test_points": r.Config.Test,
	}
	table := [][]string{{"data", "entropy H", "NLL", "KL", "integral", "there and back, float32", "float64"}}
	var in []Figures                                                       // the order of the table
	for _, key := range slices.Backward(slices.Sorted(maps.Keys(flows))) { // moons before checkerboard, always
		f := flows[key]
		values[key], in = f, append(in, f)
		table = append(table, []string{
			f.Name, fmt.Sprintf("%.4f", f.Entropy), fmt.Sprintf("%.4f ± %.4f", f.NLL, f.NLLSE), fmt.Sprintf("%.4f ± %.4f", f.KL, f.KLSE),
			fmt.Sprintf("%.5f", f.Integral), fmt.Sprintf("%.1e", f.RoundTrip32), fmt.Sprintf("%.1e", f.RoundTrip64),
		})
	}
	nb.Table(table)
	nb.Markdown(missing(r.Config.Flow.Layers, in...))
	nb.Save(name, values)
}

// SweepTable shows a sweep as a table.
func SweepTable(rows []SweepRow) {
	table := [][]string{{"layers", "parameters", "KL, median", "KL of the seeds", "training (s)"}}
	for _, r := range rows {
		table = append(table, []string{
			fmt.Sprint(r.Layers), fmt.Sprint(r.Params), fmt.Sprintf("%.4f", r.KLMedian),
			strings.Trim(fmt.Sprintf("%.4f", r.KL), "[]"), fmt.Sprintf("%.0f", r.Seconds),
		})
	}
	nb.Table(table)
}

// Detector is a threshold on a log-density, and its performance.
type Detector struct {
	Threshold   float64 // events below it are flagged, nats
	HeldOutRate float64 // share of normal test events that it flags
	Detected    float64 // share of anomalies that it flags
	AUROC       float64
}

// Detect sets a threshold on the validation events for the given false-alarm rate, and
// tries it on the test events and on anomalies.
func Detect(by density.Scorer, data dataset.Splits, anomalies [][]float64, falseAlarm float64) Detector {
	normal, strange := must.M1(density.LogProb(by, data.Test)), must.M1(density.LogProb(by, anomalies))
	threshold := must.M1(anomaly.Threshold(must.M1(density.LogProb(by, data.Valid)), falseAlarm))
	return Detector{
		Threshold:   threshold,
		HeldOutRate: anomaly.Rate(normal, threshold),
		Detected:    anomaly.Rate(strange, threshold),
		AUROC:       must.M1(anomaly.AUROC(normal, strange)),
	}
}

// Detection compares a flow's detector with that of the true density, the best possible
// one for anomalies that are spread evenly.
type Detection struct {
	Flow, Truth Detector
}

// Summary returns the comparison for the report, with its false-alarm rate.
func (d Detection) Summary(falseAlarm float64) map[string]float64 {
	return map[string]float64{
		"false_alarm": falseAlarm, "threshold": d.Flow.Threshold, "held_out_rate": d.Flow.HeldOutRate,
		"detected": d.Flow.Detected, "detected_by_truth": d.Truth.Detected,
		"auroc": d.Flow.AUROC, "auroc_by_truth": d.Truth.AUROC,
	}
}

// Flag separates the rows of x whose log-density is below the threshold from the rest.
func Flag(m *flow.Model, x [][]float64, threshold float64) (flagged, passed [][]float64) {
	for i, lp := range must.M1(m.LogProb(x)) {
		if !(lp >= threshold) { // as anomaly.Rate counts them
			flagged = append(flagged, x[i])
		} else {
			passed = append(passed, x[i])
		}
	}
	return flagged, passed
}

// First copies the first n values of a tensor of float64.
func First(n int, t *tensors.Tensor) []float64 {
	return tensors.MustCopyFlatData[float64](t)[:n]
}

// MaxDiff is the largest absolute difference between two tensors of float64.
func MaxDiff(a, b *tensors.Tensor) float64 {
	worst := 0.0
	x, y := tensors.MustCopyFlatData[float64](a), tensors.MustCopyFlatData[float64](b)
	for i := range x {
		worst = max(worst, max(x[i]-y[i], y[i]-x[i])) // max keeps a NaN
	}
	return worst
}
