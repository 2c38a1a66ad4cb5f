// Package bench measures what one engine of the project does per second, from the same
// start and on the same batches as the programs it is compared with.
//
// All train the same model, a RealNVP or a neural spline flow of 8 couplings, by Adam at
// a constant rate of 1e-3, on batches in the order of the data file.
package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
)

// Line is the result of one measurement: a line of JSON, with the keys that all programs
// in a comparison share.
type Line struct {
	Lib      string `json:"lib"` // the engine
	Model    string `json:"model"`
	Features int    `json:"features"`
	Task     string `json:"task"` // train, logprob or sample
	Batch    int    `json:"batch"`
	Threads  int    `json:"threads"`
	Steps    int    `json:"steps,omitempty"` // training: steps in the timed part
	N        int    `json:"n,omitempty"`     // other tasks: points in the timed part

	Secs   float64 `json:"secs"`   // wall time of the timed part
	CPU    float64 `json:"cpu_s"`  // user and system time of the process in the timed part
	Cold   float64 `json:"cold_s"` // from the start of the process to the end of the first step, or of the first batch
	Memory float64 `json:"rss_mb"` // peak resident memory of the process, MiB; 0 if the system does not tell

	NumParameters int `json:"nparams"`

	EarlyLoss *float64 `json:"loss_50,omitempty"` // training: NLL over the batch of step 50 (nsf: 10), before its update, nats
	Loss      *float64 `json:"loss,omitempty"`    // the same for step 200 (nsf: 40)
	NLL       *float64 `json:"nll,omitempty"`     // other tasks: mean -log p of the points, nats
}

// items returns the number of points processed in the timed part.
func (l Line) items() int { return l.Steps*l.Batch + l.N }

// WriteJSON writes a line.
func (l Line) WriteJSON(w io.Writer) error { return json.NewEncoder(w).Encode(l) }

// WriteTable writes lines for a person to read.
func WriteTable(w io.Writer, lines []Line) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "engine\ttask\tbatch\tthreads\tpoints/s\tper CPU-second\tcold start, s\tpeak memory, MiB\tNLL, nats\t")
	for _, l := range lines {
		nll := l.NLL
		if l.Task == Train {
			nll = l.Loss
		}
		text := "-"
		if nll != nil {
			text = fmt.Sprintf("%.4f", *nll)
		}
		fmt.Fprintf(t, "%s\t%s\t%d\t%d\t%.0f\t%.0f\t%.2f\t%.0f\t%s\t\n", l.Lib, l.Task, l.Batch, l.Threads,
			float64(l.items())/l.Secs, float64(l.items())/l.CPU, l.Cold, l.Memory, text)
	}
	return t.Flush()
}
