package main

import (
	"fmt"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"normflow/flowlib/experiment"
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
	Machine string           `json:"machine"`
	Date    string           `json:"date"`
	Commit  string           `json:"commit"`

	Versions map[string]string `json:"versions"` // of Go and of what computes
}

func newRow(model string, r *experiment.Result, proof experiment.Proof, commit string) row {
	return row{
		Model: model, Data: r.Config.Data, Seed: r.Config.Seed,
		Params: r.Parameters, Steps: r.Config.Fit.Steps,
		NLL: r.NLL.Mean, KL: r.KL.Mean, KLSE: r.KL.SE,
		Layers: r.Config.Flow.Layers, Entropy: r.Entropy, Proof: proof,
		Seconds: r.Fit.Seconds, Backend: r.Backend,
		Machine: fmt.Sprintf("%s/%s, %d cores", runtime.GOOS, runtime.GOARCH, runtime.NumCPU()),
		Date:    time.Now().UTC().Format(time.DateOnly), Commit: commit,
		Versions: versions(),
	}
}

func versions() map[string]string {
	v := map[string]string{"go": runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	for _, dep := range info.Deps {
		if strings.HasPrefix(dep.Path, "github.com/gomlx/") {
			v[dep.Path] = dep.Version
		}
	}
	return v
}

func commit() string {
	out, err := exec.Command("git", "describe", "--always", "--dirty").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}
