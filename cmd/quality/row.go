package main

import (
	"normflow/flowlib/experiment"
	"normflow/internal/origin"
)

// row is one run; the keys are the file's contract with the report.
type row struct {
	Model  string  `json:"model"`
	Data   string  `json:"data"`
	Seed   int64   `json:"seed"`
	Params int     `json:"params"`
	Steps  int     `json:"steps"`
	NLL    float64 `json:"nll"`   // nats, on fresh test points
	KL     float64 `json:"kl"`    // KL(p‖q), nats
	KLSE   float64 `json:"kl_se"` // its standard error

	Layers  int              `json:"layers"`
	Entropy float64          `json:"entropy"`
	Proof   experiment.Proof `json:"proof"`
	Seconds float64          `json:"seconds"` // of training, compiling included
	Backend string           `json:"backend"`

	origin.Origin
}

func newRow(model string, r *experiment.Result, proof experiment.Proof, from origin.Origin) row {
	return row{
		Model: model, Data: r.Config.Data, Seed: r.Config.Seed,
		Params: r.Parameters, Steps: r.Config.Fit.Steps,
		NLL: r.NLL.Mean, KL: r.KL.Mean, KLSE: r.KL.SE,
		Layers: r.Config.Flow.Layers, Entropy: r.Entropy, Proof: proof,
		Seconds: r.Fit.Seconds, Backend: r.Backend, Origin: from,
	}
}
