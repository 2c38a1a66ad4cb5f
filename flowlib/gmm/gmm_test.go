package gmm

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"runtime"
	"testing"
	"time"

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

func mustChoose(t *testing.T, rows [][]float64) *Mixture {
	t.Helper()
	m, err := Choose(rows, nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Check(len(rows[0])); err != nil {
		t.Fatal(err)
	}
	return m
}

// On fresh rows the fit loses to the truth what its parameters must cost, half a nat
// each over the training rows, and BIC finds how many components there are.
func TestChooseFindsTheTruth(t *testing.T) {
	for _, d := range []int{1, 2, 10} {
		m, n := truth(d), 6000
		got, fresh := mustChoose(t, draw(m, n, 1)), draw(m, 20000, 2)
		if len(got.Components) != 3 && d > 1 {
			t.Errorf("D=%d: %d components, want 3", d, len(got.Components))
		}
		parameters := 3 * float64(d*(d+3)/2+1)
		if kl := mean(m, fresh) - mean(got, fresh); !(kl < 2*0.5*parameters/float64(n)+2e-3) {
			t.Errorf("D=%d: %.4f nats from the truth", d, kl)
		}
	}
}

func TestChooseTakesOneForAGaussian(t *testing.T) {
	for _, d := range []int{1, 2, 12} {
		for seed := range uint64(3) {
			m := truth(d)
			m.Components = m.Components[:1]
			m.Components[0].Weight = 1
			rows := draw(m, 1500, seed)
			got := mustChoose(t, rows)
			if len(got.Components) != 1 {
				t.Errorf("D=%d, seed %d: %d components for a Gaussian", d, seed, len(got.Components))
			}
			want, err := dataset.NewWhitener(rows)
			if err != nil {
				t.Fatal(err)
			}
			u := make([]float64, d)
			want.Apply(u, rows[0])
			log := want.LogDet() - 0.5*float64(d)*math.Log(2*math.Pi)
			for _, v := range u {
				log -= 0.5 * v * v
			}
			if one := mean(got, rows[:1]); len(got.Components) == 1 && math.Abs(one-log) > 1e-9 {
				t.Errorf("D=%d: one component gives %g, the whitener's Gaussian %g", d, one, log)
			}
		}
	}
}

// A prior of round components would blur rows that lie on two crossing lines: rows left
// out tell whether it helps.
func TestChooseTakesThePriorThatHelps(t *testing.T) {
	flat := truth(4)
	flat.Components = flat.Components[:2]
	for k, c := range flat.Components {
		flat.Components[k].Weight = 0.5
		c.Scaler.Mean = make([]float64, 4)
		c.Scaler.Factor = [][]float64{{1}, {float64(2*k - 1), 0.02}, {0, 0, 1}, {0, 0, float64(1 - 2*k), 0.02}}
	}
	for name, m := range map[string]*Mixture{"flat": flat, "round": truth(4)} {
		rows, fresh := draw(m, 150, 3), draw(m, 5000, 4)
		got := mean(mustChoose(t, rows), fresh)
		f, err := newFitter(rows, nil, 1)
		if err != nil {
			t.Fatal(err)
		}
		all, none := mean(f.withPrior(1).choose(), fresh), mean(f.withPrior(0).choose(), fresh)
		t.Logf("%s: %.3f with the prior, %.3f without, %.3f chosen", name, all, none, got)
		if got < max(all, none)-0.1 {
			t.Errorf("%s: %.3f, where all of the prior has %.3f and none %.3f", name, got, all, none)
		}
	}
}

// The reference is scikit-learn's, on 200 rows of three clusters, without a prior.
func TestFitAgreesWithScikitLearn(t *testing.T) {
	text, err := os.ReadFile("testdata/sklearn.json")
	if err != nil {
		t.Fatal(err)
	}
	var want struct {
		Rows    [][]float64
		Weights []float64
		LogProb []float64 `json:"log_prob"`
	}
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	f, err := newFitter(want.Rows, nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	f.all.prior = 0
	m, _ := f.fit(3)
	logs := make([]float64, len(want.Rows))
	m.LogProb(logs, want.Rows)
	sum, largest := 0.0, 0.0
	for i, l := range logs {
		sum += l - want.LogProb[i]
		largest = max(largest, math.Abs(l-want.LogProb[i]))
	}
	if sum /= float64(len(logs)); math.Abs(sum) > 0.005 || largest > 0.3 {
		t.Errorf("mean log p differs by %g, that of a row by up to %g", sum, largest)
	}
	for _, w := range want.Weights {
		near := math.Inf(1)
		for _, c := range m.Components {
			near = min(near, math.Abs(c.Weight-w))
		}
		if near > 0.01 {
			t.Errorf("no component of weight %g", w)
		}
	}
}

// Rows counted twice are rows that are there twice.
func TestWeightsCountRows(t *testing.T) {
	rows := draw(truth(3), 900, 1)
	weights := make([]float64, len(rows))
	var repeated [][]float64
	for i, row := range rows {
		weights[i] = float64(i % 3)
		for range i % 3 {
			repeated = append(repeated, row)
		}
	}
	got, err := fitted(rows, weights, 3, 1)
	if err != nil {
		t.Fatal(err)
	}
	want, err := fitted(repeated, nil, 3, 1)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := mean(got, rows), mean(want, rows); math.Abs(a-b) > 1e-2 {
		t.Errorf("mean log p %g with weights, %g with repeated rows", a, b)
	}
	for _, bad := range [][]float64{{1}, make([]float64, len(rows)), append([]float64{math.NaN()}, weights[1:]...), append([]float64{-1}, weights[1:]...)} {
		if _, err := fitted(rows, bad, 2, 1); err == nil {
			t.Errorf("no error for weights %.4v…", bad[:1])
		}
	}
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
				if err := m.Check(len(rows[0])); err != nil {
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

func TestLikelihoodNeverFalls(t *testing.T) {
	f, err := newFitter(draw(truth(4), 500, 3), nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	f.all.prior = 0
	cluster := make([]int, 500)
	for i := range cluster {
		cluster[i] = i % 4 // a bad start: many steps
	}
	m := f.all.maximize(f.all.hard(cluster, 4))
	last := math.Inf(-1)
	for i := range 60 {
		shares, l := f.all.expect(m)
		if l < last-1e-6 {
			t.Errorf("step %d: from %.9f to %.9f", i, last, l)
		}
		m, last = f.all.maximize(shares), l
	}
}

func TestSpeed(t *testing.T) {
	if testing.Short() || os.Getenv("GMM_SPEED") == "" {
		t.Skip("needs a quiet machine: set GMM_SPEED")
	}
	clock := func(what string, f func()) {
		start := time.Now()
		f()
		t.Log(what, time.Since(start))
	}
	large, small := draw(truth(30), 20000, 1), draw(truth(30), 1000, 1)
	clock("8 components of 20,000 × 30", func() {
		if _, err := fitted(large, nil, 8, 1); err != nil {
			t.Fatal(err)
		}
	})
	clock("Choose of 1,000 × 30", func() { mustChoose(t, small) })
	clock("Choose of 20,000 × 30", func() { mustChoose(t, large) })
}

// fitted returns the likeliest mixture of the given number of components.
func fitted(rows [][]float64, weights []float64, components int, seed int64) (*Mixture, error) {
	f, err := newFitter(rows, weights, seed)
	if err != nil {
		return nil, err
	}
	m, _ := f.fit(components)
	return m, nil
}
