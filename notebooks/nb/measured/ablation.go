package measured

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/janpfeifer/must"
	"gonum.org/v1/gonum/stat/combin"

	"normflow/flowlib/figure"
	"normflow/internal/numbers"
	"normflow/internal/show"
	"normflow/notebooks/nb"
)

// kinds and variants are the dimensions of the ablation: the model in cmd/measure is
// named by the kind followed by the variant.
var (
	kinds    = []part{{"affine", "affine", "realnvp"}, {"spline", "spline", "nsf+plain"}}
	variants = []part{{"plain", "plain", ""}, {"actnorm", "+ ActNorm", "+actnorm"}, {"lu", "+ LU", "+lu"}, {"both", "+ both", "+actnorm+lu"}, {"mixture", "+ mixture base", "+mixture"}}
)

type part struct{ key, name, model string }

// Ablation holds the measurements of each kind of coupling layer in each variant.
type Ablation struct {
	Data []string // names of the data sets, in the order of the file
	runs map[cell][]measured
}

// cell is a place in the ablation: indices into Data, variants and kinds.
type cell struct{ data, variant, kind int }

// measured is a run, as cmd/measure writes it.
type measured struct {
	Model  string  `json:"model"`
	Data   string  `json:"data"`
	Seed   int64   `json:"seed"`
	Layers int     `json:"layers"`
	Params int     `json:"params"`
	Steps  int     `json:"steps"`
	KL     float64 `json:"kl"` // nats
}

// ReadAblation reads report/measured/ablation.json, below FLOW_ROOT or, without it,
// beside the folder of the notebooks. If the file or a run is missing it panics and says
// how to measure.
func ReadAblation() Ablation {
	path := filepath.Join(nb.Root(), "report", "measured", "ablation.json")
	text, err := os.ReadFile(path)
	if err != nil {
		panic(fmt.Sprintf("nb: the ablation has not been measured: %v; to do so, run make ablation", err))
	}
	return must.M1(parseAblation(path, text))
}

func parseAblation(path string, text []byte) (Ablation, error) {
	a := Ablation{runs: map[cell][]measured{}}
	var all []measured
	if err := json.Unmarshal(text, &all); err != nil {
		return a, fmt.Errorf("nb: %s: %w", show.Path(path), show.Error(err))
	}
	for _, run := range all {
		at := cell{data: slices.Index(a.Data, run.Data), variant: -1}
		if at.data < 0 {
			at.data, a.Data = len(a.Data), append(a.Data, run.Data)
		}
		for k, kind := range kinds {
			for v, variant := range variants {
				if run.Model == kind.model+variant.model {
					at.variant, at.kind = v, k
				}
			}
		}
		if at.variant < 0 {
			return a, fmt.Errorf("nb: %s: the model %s is none of the ablation's", show.Path(path), show.Quoted(run.Model))
		}
		a.runs[at] = append(a.runs[at], run)
	}
	if len(a.Data) == 0 {
		return a, fmt.Errorf("nb: %s: no runs; to measure them, run make ablation", path)
	}
	for d, data := range a.Data {
		for k, kind := range kinds {
			for v, variant := range variants {
				if len(a.runs[cell{d, v, k}]) == 0 {
					return a, fmt.Errorf("nb: %s: no run of %s on %s; to measure all, run make ablation", path, kind.model+variant.model, data)
				}
			}
		}
	}
	return a, nil
}

// kl returns one value per seed, in nats.
func (a Ablation) kl(at cell) (kl []float64) {
	for _, run := range a.runs[at] {
		kl = append(kl, run.KL)
	}
	return kl
}

// Variants returns the names of the rows of [Ablation.Panels].
func (a Ablation) Variants() []string { return names(variants) }

// Kinds returns the names of the series of [Ablation.Panels].
func (a Ablation) Kinds() []string { return names(kinds) }

func names(parts []part) (out []string) {
	for _, p := range parts {
		out = append(out, p.name)
	}
	return out
}

// Panels returns a panel for each data set, with a row for each variant and a series for
// each kind.
func (a Ablation) Panels() (panels []figure.ComparePanel) {
	for d, data := range a.Data {
		panel := figure.ComparePanel{Name: data, Values: make([][][]float64, len(variants))}
		for v := range variants {
			for k := range kinds {
				panel.Values[v] = append(panel.Values[v], a.kl(cell{d, v, k}))
			}
		}
		panels = append(panels, panel)
	}
	return panels
}

// AblationTable shows the medians of the seeds.
func AblationTable(a Ablation) {
	table := [][]string{append([]string{"couplings", "parameters"}, a.Data...)}
	for k, kind := range kinds {
		for v, variant := range variants {
			row := []string{kind.name + " " + variant.name, fmt.Sprint(a.runs[cell{0, v, k}][0].Params)}
			for d := range a.Data {
				row = append(row, nats(numbers.Median(a.kl(cell{d, v, k}))))
			}
			table = append(table, row)
		}
	}
	nb.Table(table)
}

// nats formats a KL with three decimals, or four below 0.01.
func nats(kl float64) string {
	if kl < 0.01 {
		return fmt.Sprintf("%.4f", kl)
	}
	return fmt.Sprintf("%.3f", kl)
}

// Change says what one change to a flow did in every comparison of the ablation.
type Change struct {
	Name          string
	Factors       []float64 // median KL with the change divided by that without; one for each comparison
	Better, Worse int       // comparisons in which every seed with the change has a smaller (larger) KL than every seed without
}

// Changes returns ActNorm, LU, both and a mixture base, each added to the plain flow of
// either kind, and splines in place of affine maps, in every variant; on all data sets.
func (a Ablation) Changes() []Change {
	changes := []Change{{Name: "ActNorm"}, {Name: "LU"}, {Name: "ActNorm and LU"}, {Name: "a mixture base"}, {Name: "splines"}}
	for d := range a.Data {
		for k := range kinds {
			for v := 1; v < len(variants); v++ {
				changes[v-1].add(a.kl(cell{d, 0, k}), a.kl(cell{d, v, k}))
			}
		}
		for v := range variants {
			changes[len(changes)-1].add(a.kl(cell{d, v, 0}), a.kl(cell{d, v, 1}))
		}
	}
	return changes
}

func (c *Change) add(without, with []float64) {
	c.Factors = append(c.Factors, numbers.Median(with)/numbers.Median(without))
	if slices.Max(with) < slices.Min(without) {
		c.Better++
	}
	if slices.Min(with) > slices.Max(without) {
		c.Worse++
	}
}

// String describes the change in a sentence.
func (c Change) String() string {
	n := len(c.Factors)
	return fmt.Sprintf("**%s**: the median KL is multiplied by %.2f to %.2f; lower with every seed in %d of %d comparisons, higher with every seed in %d.",
		c.Name, slices.Min(c.Factors), slices.Max(c.Factors), c.Better, n, c.Worse)
}

// AblationAnswer shows what each change did, as a list.
func AblationAnswer(a Ablation) {
	var b strings.Builder
	for _, c := range a.Changes() {
		fmt.Fprintf(&b, "- %s\n", c)
	}
	nb.Markdown(b.String())
}

// AblationStory shows what was trained.
func AblationStory(a Ablation) { nb.Markdown(a.story()) }

func (a Ablation) story() string {
	layers, steps := map[int]bool{}, map[int]bool{}
	seeds := len(a.runs[cell{}])
	for _, runs := range a.runs {
		seeds = min(seeds, len(runs))
		for _, run := range runs {
			layers[run.Layers], steps[run.Steps] = true, true
		}
	}
	return fmt.Sprintf("Measured: %d data sets, %s coupling layers, %s steps, %d seeds. If a change did nothing, all seeds with it would still be better than all without it in one comparison of %d.",
		len(a.Data), all(layers), all(steps), seeds, combin.Binomial(2*seeds, seeds))
}

// all returns numbers in order, in words.
func all(numbers map[int]bool) string {
	var words []string
	for _, n := range slices.Sorted(maps.Keys(numbers)) {
		words = append(words, fmt.Sprint(n))
	}
	return strings.Join(words, " or ")
}

// Summary returns the ablation for the report: median KL by data set, kind and variant,
// the parameters by kind and variant, and the changes by name.
func (a Ablation) Summary() map[string]any {
	kl, params := map[string]any{}, map[string]map[string]int{}
	first := a.runs[cell{}]
	for d, data := range a.Data {
		byKind := map[string]map[string]float64{}
		for k, kind := range kinds {
			byKind[kind.key], params[kind.key] = map[string]float64{}, map[string]int{}
			for v, variant := range variants {
				byKind[kind.key][variant.key] = numbers.Median(a.kl(cell{d, v, k}))
				params[kind.key][variant.key] = a.runs[cell{d, v, k}][0].Params
			}
		}
		kl[data] = byKind
	}
	changes := map[string]map[string]float64{}
	for i, c := range a.Changes() {
		key := append(slices.Clone(variants[1:]), part{key: "spline"})[i].key
		changes[key] = map[string]float64{
			"least": slices.Min(c.Factors), "largest": slices.Max(c.Factors), "median": numbers.Median(c.Factors),
			"better": float64(c.Better), "worse": float64(c.Worse), "of": float64(len(c.Factors)),
		}
	}
	return map[string]any{"kl": kl, "params": params, "changes": changes, "seeds": len(first), "steps": first[0].Steps}
}
