package anomalies

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Column by column, a log-density is the sum of those of the columns.
func TestGaussianColumnByColumn(t *testing.T) {
	rows := Part(squad(100), "fine", 0).Train
	x := []float64{1, -2, 0.5}
	want := 0.0
	for j := range x {
		var column []float64
		for _, row := range rows {
			column = append(column, row[j])
		}
		mean, std := stat.MeanStdDev(column, nil)
		want += distuv.Normal{Mu: mean, Sigma: std}.LogProb(x[j])
	}
	if got := NewGaussian(rows, false).LogProb([][]float64{x})[0]; !(math.Abs(got-want) <= 1e-12) {
		t.Errorf("got %.15g, want %.15g", got, want)
	}
	if got := NewGaussian(rows, true).LogProb([][]float64{x})[0]; !(math.Abs(got-want) > 1e-3) {
		t.Error("correlations change nothing")
	}
}

// A normal distribution fitted to y = Ax + b gives y the density of x over |det A|.
func TestGaussianFollowsLinearMaps(t *testing.T) {
	rows := Part(squad(100), "fine", 0).Train
	turn := func(x []float64) []float64 { // det = 2·(3·1 - 0.5·4) = 2
		return []float64{2*x[0] + 7, 3*x[1] + 0.5*x[2] + x[0] - 1, 4*x[1] + x[2]}
	}
	var turned [][]float64
	for _, row := range rows {
		turned = append(turned, turn(row))
	}
	x := []float64{1, -2, 0.5}
	want := NewGaussian(rows, true).LogProb([][]float64{x})[0] - math.Log(2)
	if got := NewGaussian(turned, true).LogProb([][]float64{turn(x)})[0]; !(math.Abs(got-want) <= 1e-9) {
		t.Errorf("got %.12g, want %.12g", got, want)
	}
}

func TestGaussianRefusesWhatHasNoDensity(t *testing.T) {
	defer func() {
		if said := fmt.Sprint(recover()); !strings.Contains(said, "3 rows of 3 columns is singular") {
			t.Errorf("got %q", said)
		}
	}()
	NewGaussian(Part(squad(100), "fine", 0).Train[:3], true)
}
