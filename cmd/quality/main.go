// Command quality measures how close the default flow comes to the entropy of
// the toy densities, and writes report/measured/quality.json.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/google/renameio/v2"

	"normflow/flowlib/backend"
	"normflow/flowlib/dataset"
	"normflow/flowlib/experiment"
	"normflow/flowlib/fit"
	"normflow/flowlib/flow"
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

func main() {
	log.SetFlags(0)
	log.SetPrefix("quality: ")
	data := flag.String("data", "moons05,moons10,checkerboard", "toy densities, separated by commas")
	seeds := flag.String("seeds", "0,1,2", "seeds, separated by commas")
	layers := flag.Int("layers", 8, "coupling layers")
	steps := flag.Int("steps", fit.DefaultConfig().Steps, "training steps")
	out := flag.String("o", "report/measured/quality.json", "file to write")
	flag.Usage = func() {
		fmt.Fprintf(flag.CommandLine.Output(), "Usage: quality [flags]\n\nFits the default RealNVP and prints KL(p‖q) in nats on fresh points.\n\n")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "quality: unexpected argument %q\n", flag.Arg(0))
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	configs, err := configs(strings.Split(*data, ","), strings.Split(*seeds, ","), *layers, *steps)
	if err != nil {
		fmt.Fprintf(os.Stderr, "quality: %v\n", err)
		os.Exit(2)
	}
	if err := run(ctx, configs, *out); err != nil {
		log.Fatal(err)
	}
}

// configs checks all that was asked for before minutes of training, and lists the
// runs, those of one data set together.
func configs(data, seeds []string, layers, steps int) ([][]experiment.Config, error) {
	if layers < 1 || layers > flow.MaxLayers {
		return nil, fmt.Errorf("-layers is %d, expected 1 to %d", layers, flow.MaxLayers)
	}
	if steps < 1 {
		return nil, fmt.Errorf("-steps is %d, expected at least 1", steps)
	}
	var sets [][]experiment.Config
	for _, name := range data {
		if _, err := dataset.ByName(name); err != nil {
			return nil, fmt.Errorf("-data: %w", err)
		}
		var set []experiment.Config
		for _, text := range seeds {
			seed, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return nil, fmt.Errorf("-seeds: %q is not a whole number", text)
			}
			cfg := experiment.DefaultConfig(name, seed)
			cfg.Flow.Layers, cfg.Fit.Steps = layers, steps
			set = append(set, cfg)
		}
		sets = append(sets, set)
	}
	return sets, nil
}

func run(ctx context.Context, sets [][]experiment.Config, out string) error {
	commit := commit() // now: the tree may change while this runs
	b, err := backend.Open("")
	if err != nil {
		return err
	}
	var rows []row
	fmt.Printf("%-14s %4s %10s %10s %9s %10s %10s %10s %8s\n", "data", "seed", "NLL", "KL", "± s.e.", "integral", "trip f32", "trip f64", "seconds")
	for _, set := range sets {
		var kls []float64
		for _, cfg := range set {
			r, err := experiment.Run(ctx, b, experiment.Root(), cfg, progress)
			if err != nil {
				return err
			}
			proof, err := r.Prove()
			if err != nil {
				return err
			}
			rows = append(rows, newRow(r, proof, commit))
			kls = append(kls, r.KL.Mean)
			fmt.Printf("%-14s %4d %10.4f %10.4f %9.4f %10.5f %10.1e %10.1e %8.1f\n",
				cfg.Data, cfg.Seed, r.NLL.Mean, r.KL.Mean, r.KL.SE, proof.Integral, proof.RoundTrip32, proof.RoundTrip64, r.Fit.Seconds)
		}
		slices.Sort(kls)
		fmt.Printf("%-14s median %18.4f\n", set[0].Data, kls[len(kls)/2])
	}
	text, err := json.MarshalIndent(rows, "", "  ")
	if err != nil {
		return err
	}
	if err := renameio.WriteFile(out, append(text, '\n'), 0o644); err != nil {
		return err
	}
	fmt.Println("wrote", out)
	return nil
}

func newRow(r *experiment.Result, proof experiment.Proof, commit string) row {
	return row{
		Model: r.Config.Flow.Architecture, Data: r.Config.Data, Seed: r.Config.Seed,
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

func progress(p fit.Point, of fit.Config) {
	if p.Step%1000 == 0 {
		fmt.Fprintf(os.Stderr, "  step %d of %d, validation NLL %.4f nats\n", p.Step, of.Steps, p.Valid)
	}
}
