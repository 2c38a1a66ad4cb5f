package gmm

import (
	"encoding/json"
	"math"
	"os"
	"testing"
	"time"
)

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
