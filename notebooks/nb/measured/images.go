package measured

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/janpfeifer/must"
	"gonum.org/v1/gonum/stat"

	"normflow/flowlib/figure"
	"normflow/internal/show"
	"normflow/notebooks/nb"
)

// ReadImages reads what report/measured/images.json says of models of 8×8 digits: the
// mean of each over its splits, as bars from the one that costs most down.
func ReadImages() []figure.Bar { return readImages("images.json", "digits") }

// ReadMNIST is [ReadImages] for MNIST, of report/measured/mnist.json.
func ReadMNIST() []figure.Bar { return readImages("mnist.json", "MNIST") }

func readImages(file, data string) []figure.Bar {
	path := filepath.Join(nb.Root(), "report", "measured", file)
	text, err := os.ReadFile(path)
	if err != nil {
		panic(fmt.Sprintf("nb: models of images have not been measured: %v; to do so, run make images, and see docs/images.md for MNIST", err))
	}
	return must.M1(parseImages(path, text, data))
}

// Digits returns what the report says of [ReadImages] and [ReadMNIST]: the bits per
// dimension of some models.
func Digits(digits, mnist []figure.Bar) map[string]float64 {
	of := map[string]float64{}
	for _, what := range []struct {
		key, model string
		bars       []figure.Bar
	}{
		{"histogram", "histogram per pixel", digits}, {"flow", "multi-scale flow", digits}, {"normflows", "normflows", digits},
		{"mnist_flow", "multi-scale flow, histogram pyramid", mnist}, {"mnist_normflows", "normflows", mnist},
	} {
		i := slices.IndexFunc(what.bars, func(b figure.Bar) bool { return b.Name == what.model })
		if i < 0 {
			panic(fmt.Sprintf("nb: report/measured has no row of %q for %s; to measure it, run make bench-peers images, and see docs/images.md for MNIST", what.model, what.key))
		}
		of[what.key] = what.bars[i].Value
	}
	return of
}

func parseImages(path string, text []byte, data string) (bars []figure.Bar, err error) {
	var rows []struct {
		Model  string  `json:"model"`
		Data   string  `json:"data"`
		PerDim float64 `json:"bits_per_dim"`
	}
	if err := json.Unmarshal(text, &rows); err != nil {
		return nil, fmt.Errorf("nb: %s: %w", show.Path(path), show.Error(err))
	}
	of := map[string][]float64{}
	for _, r := range rows {
		if r.Data == data {
			of[r.Model] = append(of[r.Model], r.PerDim)
		}
	}
	for model, bits := range of {
		if mean := stat.Mean(bits, nil); mean > 0 {
			bars = append(bars, figure.Bar{Name: model, Value: mean, Text: fmt.Sprintf("%.2f", mean)})
		}
	}
	if len(bars) == 0 {
		return nil, fmt.Errorf("nb: %s: no models of %s; to measure them, run make images", show.Path(path), data)
	}
	slices.SortFunc(bars, func(a, b figure.Bar) int { return cmp.Or(cmp.Compare(b.Value, a.Value), cmp.Compare(a.Name, b.Name)) })
	return bars, nil
}
