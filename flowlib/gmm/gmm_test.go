package gmm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"testing"

	"normflow/flowlib/dataset"
)

// truth is a mixture of three components in d columns, correlated each in its own way.
func truth(d int) *Mixture {
	m := &Mixture{}
	rng := rand.New(rand.NewPCG(7, uint64(d)))
	for _, weight := range []float64{0.5, 0.3, 0.2} {
		s := &dataset.Standardizer{}
		for i := range d {
			s.Mean = append(s.Mean, 5*rng.NormFloat64())
			s.Std = append(s.Std, math.Exp(0.5*rng.NormFloat64()))
			row := make([]float64, i+1)
			for j := range row {
				row[j] = 0.5 * rng.NormFloat64() / math.Sqrt(float64(d))
			}
			row[i] = 1
			s.Factor = append(s.Factor, row)
		}
		m.Components = append(m.Components, Component{weight, s})
	}
	return m
}

func draw(m *Mixture, n int, seed uint64) [][]float64 {
	rng := rand.New(rand.NewPCG(seed, 1))
	rows := make([][]float64, n)
	for i := range rows {
		u, k := rng.Float64(), 0
		for ; k < len(m.Components)-1 && u >= m.Components[k].Weight; k++ {
			u -= m.Components[k].Weight
		}
		rows[i] = make([]float64, len(m.Components[k].Scaler.Mean))
		for j := range rows[i] {
			rows[i][j] = rng.NormFloat64()
		}
		m.Components[k].Scaler.Invert(rows[i], rows[i])
	}
	return rows
}

func mean(m *Mixture, rows [][]float64) float64 {
	logs, sum := make([]float64, len(rows)), 0.0
	m.LogProb(logs, rows)
	for _, l := range logs {
		sum += l
	}
	return sum / float64(len(rows))
}

// Whatever the rows, log p is a number, and nothing depends on the processors.
func TestStrangeRows(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	table := func(n, d int, f func(i int, row []float64)) (rows [][]float64) {
		for i := range n {
			row := make([]float64, d)
			for j := range row {
				row[j] = rng.NormFloat64()
			}
			f(i, row)
			rows = append(rows, row)
		}
		return rows
	}
	tests := map[string][][]float64{
		"duplicates": table(400, 3, func(i int, row []float64) {
			if i%2 == 0 {
				copy(row, []float64{1, 2, 3})
			}
		}),
		"two points":          table(400, 2, func(i int, row []float64) { row[0], row[1] = float64(i%2), float64(i%2) }),
		"collinear":           table(400, 3, func(_ int, row []float64) { row[2] = row[0] + 2*row[1] }),
		"fewer than columns":  table(25, 40, func(int, []float64) {}),
		"two rows":            table(2, 3, func(int, []float64) {}),
		"constant in cluster": table(400, 3, func(i int, row []float64) { row[1] = float64(i % 3) }),
		"outliers": table(3000, 2, func(i int, row []float64) {
			if i < 6 {
				row[0], row[1] = 1e6*row[0], 1e6*row[1]
			}
		}),
		"huge and tiny": table(400, 2, func(_ int, row []float64) { row[0], row[1] = row[0]*1e150, 1e-150*row[1] }),
	}
	for name, rows := range tests {
		t.Run(name, func(t *testing.T) {
			far := append(rows[:len(rows):len(rows)], make([]float64, len(rows[0])))
			for j := range far[len(rows)] {
				far[len(rows)][j] = -1e300
			}
			logs := make([]float64, len(far))
			for k := range 4 {
				m, err := fitted(rows, nil, k+1, 3)
				if err != nil {
					t.Fatal(err)
				}
				if err := m.check(len(rows[0])); err != nil {
					t.Fatal(err)
				}
				m.LogProb(logs, far)
				for i, l := range logs {
					if math.IsNaN(l) || math.IsInf(l, 1) || i < len(rows) && math.IsInf(l, -1) {
						t.Fatalf("%d components: log p of row %d is %g", k+1, i, l)
					}
				}
			}
			many := mustChoose(t, rows)
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
			if one := mustChoose(t, rows); !reflect.DeepEqual(one, many) {
				t.Error("another answer on one processor")
			}
		})
	}
	if _, err := Choose([][]float64{{1, 2}, {1, 3}}, nil, 1); err == nil {
		t.Error("no error for a constant column")
	}
	m := mustChoose(t, tests["collinear"])
	logs := make([]float64, 1)
	if m.LogProb(logs, [][]float64{{1, math.NaN(), 1}}); !math.IsNaN(logs[0]) {
		t.Errorf("log p of a row with NaN is %g", logs[0])
	}
}

// check returns an error unless m has components of the given number of columns whose
// weights are positive and sum to one.
func (m *Mixture) check(columns int) error {
	sum := 0.0
	for k, c := range m.Components {
		if !(c.Weight > 0) || c.Scaler == nil {
			return fmt.Errorf("component %d has weight %g, expected a positive number and a scaler", k, c.Weight)
		}
		if err := c.Scaler.Check(columns); err != nil {
			return fmt.Errorf("component %d: %w", k, err)
		}
		sum += c.Weight
	}
	if !(math.Abs(sum-1) < 1e-6) {
		return fmt.Errorf("the weights of %d components sum to %g, expected 1", len(m.Components), sum)
	}
	return nil
}
