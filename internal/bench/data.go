package bench

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"normflow/flowlib/backend"
	"normflow/flowlib/dataset"
	"normflow/flowlib/flow"
	"normflow/internal/names"
	"normflow/internal/safetensors"
	"normflow/internal/show"
	"normflow/internal/whole"
)

// What every program in a comparison starts from.
const (
	Points      = 20_000    // in data.csv
	Density     = "moons10" // that the points are drawn from
	DataFile    = "data.csv"
	WeightsFile = whole.WeightsFile
)

// models lists the models to measure: [flow.RealNVP], which most programs have, and
// [flow.NSF], the default of flow fit.
var models = []string{"realnvp", "nsf"}

// config returns the model under test.
func config(model string, features int) flow.Config {
	if model == "nsf" {
		return flow.NSF(features)
	}
	return flow.RealNVP(features)
}

// WriteData writes to the folder dir data.csv, [Points] rows with every digit of a
// float32, and weights.safetensors, the initial weights of the model in float32. Each two
// features of a row are one draw. The same seed gives the same files.
func WriteData(dir, model string, features int, seed int64) error {
	if !slices.Contains(models, model) {
		return fmt.Errorf("bench: %w", unknown("model", model, models))
	}
	if features < 2 || features > 100 || features%2 != 0 {
		return fmt.Errorf("bench: features must be even and between 2 and 100, found %d", features)
	}
	if err := whole.MakeFolders(dir); err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	density, err := dataset.ByName(Density)
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	var text strings.Builder
	text.WriteString(header(features) + "\n")
	draws := density.Sample(seed, Points*features/2)
	for row := range slices.Chunk(draws, features/2) {
		for i, draw := range row {
			if i > 0 {
				text.WriteByte(',')
			}
			fmt.Fprintf(&text, "%v,%v", float32(draw[0]), float32(draw[1]))
		}
		text.WriteByte('\n')
	}
	if err := whole.WriteFile(filepath.Join(dir, DataFile), []byte(text.String())); err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	b, err := backend.Open("go")
	if err != nil {
		return err
	}
	cfg := config(model, features)
	cfg.Seed = seed
	m, err := cfg.NewModel(b)
	if err != nil {
		return err
	}
	weights, err := safetensors.FromStore(m.Store(), names.FlowPrefix)
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	for _, t := range weights { // no program initializes by its data: all start from these weights
		if path.Base(t.Name) == names.Initialized {
			binary.LittleEndian.PutUint32(t.Data, math.Float32bits(1))
		}
	}
	return safetensors.Write(filepath.Join(dir, WeightsFile), safetensors.File{Tensors: weights})
}

// header returns the names of the columns.
func header(features int) string {
	return strings.TrimSuffix(strings.Repeat("x,y,", features/2), ",")
}

// ReadPoints reads a table that [WriteData] wrote, with the header x,y,x,y,…: [n, D], row
// by row.
func ReadPoints(name string) (points []float32, features int, err error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, 0, fmt.Errorf("bench: %w (flow bench-data -o DIR makes one)", show.Error(err))
	}
	defer file.Close()
	points, features, err = readPoints(file)
	if err != nil {
		return nil, 0, fmt.Errorf("bench: %s: %w", show.Path(name), err)
	}
	return points, features, nil
}

func readPoints(r io.Reader) (points []float32, features int, err error) {
	lines := bufio.NewScanner(r)
	lines.Scan()
	features = 1 + strings.Count(lines.Text(), ",")
	if features%2 != 0 || lines.Text() != header(features) {
		return nil, 0, fmt.Errorf("line 1 is %s, expected the header x,y (x,y,x,y and so on for more features)", show.Quoted(lines.Text()))
	}
	for number := 2; lines.Scan(); number++ {
		cells := strings.Split(lines.Text(), ",")
		if len(cells) != features {
			return nil, 0, fmt.Errorf("line %d is %s, expected %d numbers with commas between them", number, show.Quoted(lines.Text()), features)
		}
		for column, text := range cells {
			v, err := strconv.ParseFloat(text, 32)
			if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
				return nil, 0, fmt.Errorf("line %d, column %d is %s, expected a finite number", number, column+1, show.Quoted(text))
			}
			points = append(points, float32(v))
		}
	}
	if err := lines.Err(); err != nil {
		return nil, 0, err
	}
	if len(points) == 0 {
		return nil, 0, errors.New("there is no row under the header")
	}
	return points, features, nil
}

// repeat returns count numbers, cycling through points.
func repeat(points []float32, count int) []float32 {
	all := make([]float32, 0, count)
	for len(all) < count {
		all = append(all, points[:min(len(points), count-len(all))]...)
	}
	return all
}
