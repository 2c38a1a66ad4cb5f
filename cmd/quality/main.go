// Command quality measures how close the flows of the zoo come to the entropy of
// the toy densities, and writes report/measured/quality.json.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
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
	"golang.org/x/sync/errgroup"

	"normflow/flowlib/backend"
	"normflow/flowlib/dataset"
	"normflow/flowlib/experiment"
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

// asked is what the flags say.
type asked struct {
	models, data, seeds     string
	layers, steps           int
	train, valid, test      int
	flowChanges, fitChanges string
	jobs                    int
	out                     string
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("quality: ")
	var a asked
	usual := experiment.DefaultConfig(flow.RealNVP(2), "", 0)
	flag.StringVar(&a.models, "model", "realnvp,realnvp+mixture,nsf", "entries of the zoo, such as nsf or realnvp+actnorm+lu, separated by commas")
	flag.StringVar(&a.data, "data", "moons05,moons10,checkerboard,spirals,8gaussians,pinwheel", "toy densities, separated by commas; all for every one there is")
	flag.StringVar(&a.seeds, "seeds", "0,1,2", "seeds, separated by commas")
	flag.IntVar(&a.layers, "layers", 0, "coupling layers; 0 for as many as the entry has")
	flag.IntVar(&a.steps, "steps", usual.Fit.Steps, "training steps")
	flag.IntVar(&a.train, "train", usual.Train, "events to train on")
	flag.IntVar(&a.valid, "valid", usual.Valid, "events for every choice on the way")
	flag.IntVar(&a.test, "test", usual.Test, "fresh events for the figures")
	flag.StringVar(&a.flowChanges, "flow", "{}", "changes to the flow's Config, as JSON, such as '{\"hidden\":[32,32]}'")
	flag.StringVar(&a.fitChanges, "fit", "{}", "changes to the training's Config, as JSON, such as '{\"learning_rate\":0.001}'")
	flag.IntVar(&a.jobs, "jobs", runtime.NumCPU(), "runs at a time")
	flag.StringVar(&a.out, "o", "report/measured/quality.json", "file to write")
	flag.Usage = func() {
		fmt.Fprintf(flag.CommandLine.Output(), "Usage: quality [flags]\n\nFits flows to toy densities and prints KL(p‖q) in nats on fresh points: a line a run, then medians over the seeds.\n\n")
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
	runs, err := a.runs()
	if err != nil {
		fmt.Fprintf(os.Stderr, "quality: %v\n", err)
		os.Exit(2)
	}
	if err := measure(ctx, runs, a.jobs, a.out); err != nil {
		log.Fatal(err)
	}
}

// run is one training: the name its row goes by, and all it depends on.
type run struct {
	model string
	cfg   experiment.Config
}

// runs checks all that was asked for before minutes of training, and lists it,
// the seeds of one model on one data set together.
func (a asked) runs() (all []run, err error) {
	if a.jobs < 1 {
		return nil, fmt.Errorf("-jobs is %d, expected at least 1", a.jobs)
	}
	for _, model := range strings.Split(a.models, ",") {
		for _, data := range a.dataNames() {
			for _, text := range strings.Split(a.seeds, ",") {
				cfg, err := a.config(model, data, text)
				if err != nil {
					return nil, err
				}
				all = append(all, run{model, cfg})
			}
		}
	}
	return all, nil
}

func (a asked) dataNames() (names []string) {
	if a.data != "all" {
		return strings.Split(a.data, ",")
	}
	for _, d := range dataset.Densities() {
		names = append(names, d.Name)
	}
	return names
}

func (a asked) config(model, data, seedText string) (cfg experiment.Config, err error) {
	if _, err := dataset.ByName(data); err != nil {
		return cfg, fmt.Errorf("-data: %w", err)
	}
	seed, err := strconv.ParseInt(seedText, 10, 64)
	if err != nil {
		return cfg, fmt.Errorf("-seeds: %q is not a whole number", seedText)
	}
	f, err := flow.Named(model, 2)
	if err != nil {
		return cfg, fmt.Errorf("-model: %w", err)
	}
	cfg = experiment.DefaultConfig(f, data, seed)
	cfg.Train, cfg.Valid, cfg.Test, cfg.Fit.Steps = a.train, a.valid, a.test, a.steps
	if a.layers != 0 {
		cfg.Flow.Layers = a.layers
	}
	if err := change(&cfg.Flow, a.flowChanges); err != nil {
		return cfg, fmt.Errorf("-flow: %w", err)
	}
	if err := change(&cfg.Fit, a.fitChanges); err != nil {
		return cfg, fmt.Errorf("-fit: %w", err)
	}
	return cfg, cfg.Check()
}

// change overwrites the fields of cfg that text names, a JSON object, and no others.
func change(cfg any, text string) error {
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(cfg); err != nil {
		return fmt.Errorf("%q: %w", text, err)
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("%q: expected one JSON object, something follows it", text)
	}
	return nil
}

// measure makes all runs, some at a time, and writes their rows to out.
func measure(ctx context.Context, runs []run, jobs int, out string) error {
	commit := commit() // now: the tree may change while this runs
	b, err := backend.Open("")
	if err != nil {
		return err
	}
	fmt.Printf("%-24s %-13s %4s %7s %9s %9s %8s %9s %9s %9s %7s\n",
		"model", "data", "seed", "params", "NLL", "KL", "± s.e.", "integral", "trip f32", "trip f64", "seconds")
	rows := make([]row, len(runs))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(jobs)
	for i, one := range runs {
		group.Go(func() error {
			r, err := experiment.Run(ctx, b, experiment.Root(), one.cfg, nil)
			if err != nil {
				return err
			}
			proof, err := r.Prove()
			if err != nil {
				return err
			}
			rows[i] = newRow(one.model, r, proof, commit)
			fmt.Printf("%-24s %-13s %4d %7d %9.4f %9.4f %8.4f %9.5f %9.1e %9.1e %7.1f\n",
				one.model, one.cfg.Data, one.cfg.Seed, r.Parameters, r.NLL.Mean, r.KL.Mean, r.KL.SE,
				proof.Integral, proof.RoundTrip32, proof.RoundTrip64, r.Fit.Seconds)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	printMedians(rows)
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

// printMedians prints the median KL over the seeds: a line a model, a column a data set.
func printMedians(rows []row) {
	var models, data []string
	kls := map[[2]string][]float64{}
	for _, r := range rows {
		if !slices.Contains(models, r.Model) {
			models = append(models, r.Model)
		}
		if !slices.Contains(data, r.Data) {
			data = append(data, r.Data)
		}
		kls[[2]string{r.Model, r.Data}] = append(kls[[2]string{r.Model, r.Data}], r.KL)
	}
	fmt.Printf("\nmedian KL (nats)\n%-24s", "")
	for _, d := range data {
		fmt.Printf(" %12s", d)
	}
	fmt.Println()
	for _, m := range models {
		fmt.Printf("%-24s", m)
		for _, d := range data {
			fmt.Printf(" %12.4f", median(kls[[2]string{m, d}]))
		}
		fmt.Println()
	}
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

// median is the value in the middle, or the mean of the two there.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
