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
func ReadImages() []figure.Bar {
	path := filepath.Join(nb.Root(), "report", "measured", "images.json")
	text, err := os.ReadFile(path)
	if err != nil {
		panic(fmt.Sprintf("nb: models of images have not been measured: %v; to do so, run make images", err))
	}
	return must.M1(parseImages(path, text))
}

// Digits returns what the report says of [ReadImages]: the bits per dimension of some models.
func Digits(bars []figure.Bar) map[string]float64 {
	of := map[string]float64{}
	for key, model := range map[string]string{"histogram": "histogram per pixel", "flow": "multi-scale flow", "normflows": "normflows"} {
		i := slices.IndexFunc(bars, func(b figure.Bar) bool { return b.Name == model })
		if i < 0 {
			panic(fmt.Sprintf("nb: report/measured/images.json has no row of %q; to measure it, run make bench-peers images", model))
		}
		of[key] = bars[i].Value
	}
	return of
}

func parseImages(path string, text []byte) (bars []figure.Bar, err error) {
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
		if r.Data == "digits" {
			of[r.Model] = append(of[r.Model], r.PerDim)
		}
	}
	for model, bits := range of {
		if mean := stat.Mean(bits, nil); mean > 0 {
			bars = append(bars, figure.Bar{Name: model, Value: mean, Text: fmt.Sprintf("%.2f", mean)})
		}
	}
	if len(bars) == 0 {
		return nil, fmt.Errorf("nb: %s: no models of digits; to measure them, run make images", show.Path(path))
	}
	slices.SortFunc(bars, func(a, b figure.Bar) int { return cmp.Or(cmp.Compare(b.Value, a.Value), cmp.Compare(a.Name, b.Name)) })
	return bars, nil
}
