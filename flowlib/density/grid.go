package density

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Grid is a density evaluated at the centers of the cells of a regular grid.
type Grid struct {
	XMin, XMax, YMin, YMax float64
	Values                 [][]float64 // [ny][nx], per unit area, row 0 at YMin
}

// Sum returns the integral over the window by the midpoint rule.
func (g Grid) Sum() float64 {
	ny, nx := len(g.Values), len(g.Values[0])
	cell := (g.XMax - g.XMin) / float64(nx) * (g.YMax - g.YMin) / float64(ny)
	sum := 0.0
	for _, row := range g.Values {
		for _, v := range row {
			sum += v
		}
	}
	return sum * cell
}

// NewGrid evaluates the density at the centers of n×n cells of box, a window over two
// features. It returns an error if n < 1, or if a log-density is NaN; then it names the
// place.
func NewGrid(m Scorer, box [][2]float64, n int) (Grid, error) {
	if len(box) != 2 {
		return Grid{}, fmt.Errorf("density: a density grid needs 2 features, found %d", len(box))
	}
	if n < 1 {
		return Grid{}, fmt.Errorf("density: a density grid needs at least 1 cell a side, found %d", n)
	}
	g := Grid{XMin: box[0][0], XMax: box[0][1], YMin: box[1][0], YMax: box[1][1]}
	centres := mat.NewDense(n*n, 2, nil)
	for j := range n {
		for i := range n {
			centres.SetRow(j*n+i, []float64{
				g.XMin + (float64(i)+0.5)*(g.XMax-g.XMin)/float64(n),
				g.YMin + (float64(j)+0.5)*(g.YMax-g.YMin)/float64(n),
			})
		}
	}
	values := make([]float64, n*n)
	if err := m.LogProbTo(values, centres); err != nil {
		return Grid{}, err
	}
	for i, v := range values {
		if values[i] = math.Exp(v); math.IsNaN(values[i]) {
			return Grid{}, fmt.Errorf("density: the density at %v is NaN", centres.RawRowView(i))
		}
	}
	for j := range n {
		g.Values = append(g.Values, values[j*n:(j+1)*n])
	}
	return g, nil
}
