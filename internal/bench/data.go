package bench

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
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
	Density     = "moons10" // that they are drawn from
	DataFile    = "data.csv"
	WeightsFile = whole.WeightsFile
)

// config is the model under test.
func config() flow.Config { return flow.RealNVP(2) }

// WriteData writes data.csv, [Points] draws with every digit a float32 has, and
// weights.safetensors, the fresh weights of the model in float32, into the folder
// dir. The same seed gives the same files.
func WriteData(dir string, seed int64) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	density, err := dataset.ByName(Density)
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	var text strings.Builder
	text.WriteString("x,y\n")
	for _, row := range density.Sample(seed, Points) {
		fmt.Fprintf(&text, "%v,%v\n", float32(row[0]), float32(row[1]))
	}
	if err := whole.WriteFile(filepath.Join(dir, DataFile), []byte(text.String())); err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	b, err := backend.Open("go")
	if err != nil {
		return err
	}
	cfg := config()
	cfg.Seed = seed
	m, err := cfg.NewModel(b)
	if err != nil {
		return err
	}
	weights, err := safetensors.FromStore(m.Store(), names.FlowPrefix)
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	return safetensors.Write(filepath.Join(dir, WeightsFile), safetensors.File{Tensors: weights})
}

// ReadPoints reads a table of two columns under the header x,y: [n, 2], row by row.
func ReadPoints(path string) ([]float32, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("bench: %w (flow bench-data -o DIR makes one)", show.Error(err))
	}
	defer file.Close()
	points, err := readPoints(file)
	if err != nil {
		return nil, fmt.Errorf("bench: %s: %w", show.Path(path), err)
	}
	return points, nil
}

func readPoints(r io.Reader) ([]float32, error) {
	lines := bufio.NewScanner(r)
	if !lines.Scan() || lines.Text() != "x,y" {
		return nil, fmt.Errorf("line 1 is %s, expected the header x,y", show.Quoted(lines.Text()))
	}
	points := make([]float32, 0, 2*Points)
	for number := 2; lines.Scan(); number++ {
		x, y, ok := strings.Cut(lines.Text(), ",")
		if !ok {
			return nil, fmt.Errorf("line %d is %s, expected two numbers and a comma between them", number, show.Quoted(lines.Text()))
		}
		for column, text := range []string{x, y} {
			v, err := strconv.ParseFloat(text, 32)
			if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
				return nil, fmt.Errorf("line %d, column %d is %s, expected a finite number", number, column+1, show.Quoted(text))
			}
			points = append(points, float32(v))
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(points) == 0 {
		return nil, errors.New("there is no row under the header")
	}
	return points, nil
}

// repeat returns n points, the given ones over and over.
func repeat(points []float32, n int) []float32 {
	all := make([]float32, 0, 2*n)
	for len(all) < 2*n {
		all = append(all, points[:min(len(points), 2*n-len(all))]...)
	}
	return all
}
