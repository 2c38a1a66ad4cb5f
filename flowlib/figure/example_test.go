package figure_test

import (
	"fmt"
	"os"
	"path/filepath"

	"normflow/flowlib/figure"
)

// A picture is text: it goes into a file, a page or a notebook's cell.
func ExampleScatter() {
	dir, err := os.MkdirTemp("", "figure")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)

	data := [][]float64{{0, 0}, {1, 2}, {2, 1}}
	samples := [][]float64{{0.5, 0.2}, {1.1, 1.8}}
	info := figure.Info{
		Title:       "Data and samples",
		Description: "Two panels: three data points, and two samples of a flow that lie near them.",
	}
	svg, err := figure.Scatter(info, figure.Panel("data", data), figure.Panel("samples", samples))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(os.WriteFile(filepath.Join(dir, "samples.svg"), svg, 0o644))
	// Output: <nil>
}
