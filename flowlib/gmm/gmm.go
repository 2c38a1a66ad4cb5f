// Package gmm fits mixtures of Gaussians with full covariances: the best of the simple
// densities of a table, to be beaten by a flow or stacked with it.
package gmm

import (
	"math"
	"runtime"
	"sync"
	"sync/atomic"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"

	"normflow/flowlib/dataset"
)

// Mixture is the density p(x) = Σ_k Weight_k · N(x | component k) of rows of D columns.
type Mixture struct {
	Components []Component `json:"components"`
}

// Component is a Gaussian and its share of the rows. Scaler standardizes its draws: u =
// L⁻¹((x - Mean)/Std) with u from N(0, I).
type Component struct {
	Weight float64               `json:"weight"`
	Scaler *dataset.Standardizer `json:"scaler"`
}

// LogProb sets dst, [n], to log p of each of rows, [n, D], in nats: -Inf where it is
// below the range of float64, NaN only for a row with NaN.
func (m *Mixture) LogProb(dst []float64, rows [][]float64) {
	blocks := inBlocks(rows)
	parallel(len(blocks), func(b int) {
		first := b * blockRows
		part := dst[first : first+blocks[b].Cols]
		logs, terms := m.logJoint(blocks[b]), make([]float64, len(m.Components))
		for j := range part {
			part[j] = logSumExp(terms, logs, j)
			if math.IsNaN(part[j]) && !hasNaN(rows[first+j]) { // the difference of two infinities
				part[j] = math.Inf(-1)
			}
		}
	})
}

// logJoint returns log(Weight_k · N(x_j | component k)) for the columns x of block, [D, B],
// as [K][B].
func (m *Mixture) logJoint(block blas64.General) [][]float64 {
	logs := make([][]float64, len(m.Components))
	u := blas64.General{Rows: block.Rows, Cols: block.Cols, Stride: block.Cols, Data: make([]float64, block.Rows*block.Cols)}
	for k, c := range m.Components {
		standardize(u, block, c.Scaler)
		constant := math.Log(c.Weight) + c.Scaler.LogDet() - 0.5*float64(block.Rows)*math.Log(2*math.Pi)
		logs[k] = make([]float64, block.Cols)
		for d := range u.Rows {
			for j, v := range u.Data[d*u.Stride:][:u.Cols] {
				logs[k][j] += v * v
			}
		}
		for j, squares := range logs[k] {
			logs[k][j] = constant - 0.5*squares
		}
	}
	return logs
}

// standardize is s.Apply for each column of x, [D, B], into u.
func standardize(u, x blas64.General, s *dataset.Standardizer) {
	for d := range x.Rows {
		row := u.Data[d*u.Stride:][:u.Cols]
		for j, v := range x.Data[d*x.Stride:][:x.Cols] {
			row[j] = (v - s.Mean[d]) / s.Std[d]
		}
	}
	if s.Factor != nil {
		blas64.Trsm(blas.Left, blas.NoTrans, 1, triangle(s.Factor), u)
	}
}

func triangle(factor [][]float64) blas64.Triangular {
	d := len(factor)
	l := blas64.Triangular{Uplo: blas.Lower, Diag: blas.NonUnit, N: d, Stride: d, Data: make([]float64, d*d)}
	for i, row := range factor {
		copy(l.Data[i*d:], row)
	}
	return l
}

// logSumExp returns log Σ_k exp(logs[k][j]); terms, [K], is its working memory.
func logSumExp(terms []float64, logs [][]float64, j int) float64 {
	for k, l := range logs {
		terms[k] = l[j]
	}
	return floats.LogSumExp(terms)
}

func hasNaN(row []float64) bool {
	for _, v := range row {
		if math.IsNaN(v) {
			return true
		}
	}
	return false
}

// blockRows rows at a time, one per column of a matrix, keep BLAS in long inner loops.
const blockRows = 256

func inBlocks(rows [][]float64) (blocks []blas64.General) {
	for len(rows) > 0 {
		n, d := min(blockRows, len(rows)), len(rows[0])
		b := blas64.General{Rows: d, Cols: n, Stride: n, Data: make([]float64, d*n)}
		for j, row := range rows[:n] {
			for i, v := range row {
				b.Data[i*n+j] = v
			}
		}
		blocks, rows = append(blocks, b), rows[n:]
	}
	return blocks
}

// parallel calls f(0) to f(n-1) on all processors.
func parallel(n int, f func(i int)) {
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	wait.Wait()
}
