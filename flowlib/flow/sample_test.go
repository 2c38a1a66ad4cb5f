package flow_test

import (
	"math"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"gonum.org/v1/gonum/stat"

	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/dataset"
	"normflow/flowlib/flow"
)

func TestTheFirstDrawsDoNotDependOnTheirNumber(t *testing.T) {
	m := smallModel(t, "realnvp", 2, 0)
	few, err := m.Sample(4, 10)
	if err != nil {
		t.Fatal(err)
	}
	many, err := m.Sample(4, 4096+10)
	if err != nil || len(many) != 4106 || !reflect.DeepEqual(many[:10], few) {
		t.Errorf("%d draws that begin with %v, want %v, %v", len(many), many[:2], few[:2], err)
	}
	if reflect.DeepEqual(many[4096:], few) {
		t.Error("the second chunk repeats the first")
	}
	other, err := m.Sample(5, 4096+10)
	if err != nil || reflect.DeepEqual(other[:10], few) || reflect.DeepEqual(other[:10], many[4096:]) {
		t.Errorf("another seed gave the same draws, %v", err)
	}
}

// A sample of few events is that of many, up to rounding, with the same context.
func TestFewDraws(t *testing.T) {
	m := smallModel(t, "realnvp", 2, 1)
	for _, count := range []int{1, 64, 65, 513} {
		s := flow.Sampling{Seed: 4, Count: count, LogProb: true}
		for i := range count {
			s.Context = append(s.Context, []float64{float64(i % 3)})
		}
		want, err := m.Draw(s)
		if err != nil {
			t.Fatal(err)
		}
		s.Few = true
		few, err := m.Draw(s)
		if err != nil || len(few.X) != count || len(few.LogProb) != count {
			t.Fatalf("%d draws of %d: %v", len(few.X), count, err)
		}
		for i, x := range few.X {
			for d := range x {
				if !(math.Abs(x[d]-want.X[i][d]) <= 1e-5) || !(math.Abs(few.LogProb[i]-want.LogProb[i]) <= 1e-5) {
					t.Fatalf("draw %d of %d: %v with log-density %g, expected %v with %g", i, count, x, few.LogProb[i], want.X[i], want.LogProb[i])
				}
			}
		}
	}
}

// Events of many columns come in small chunks, each with random numbers of its own, of which a
// few are the first.
func TestChunksOfWideEvents(t *testing.T) {
	m, err := flow.Gaussian(300).NewModel(backendtest.Open(t))
	if err != nil {
		t.Fatal(err)
	}
	var sizes []int
	var all [][]float64
	for chunk, err := range m.DrawChunks(flow.Sampling{Seed: 4, Count: 600, Few: true}) {
		if err != nil {
			t.Fatal(err)
		}
		sizes, all = append(sizes, len(chunk.X)), append(all, chunk.X...)
	}
	if !slices.Equal(sizes, []int{256, 256, 88}) {
		t.Errorf("chunks of %v events", sizes)
	}
	few, err := m.Draw(flow.Sampling{Seed: 4, Count: 50, Few: true})
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range few.X {
		if !slices.Equal(row, all[i]) || slices.Equal(row, all[256+i]) {
			t.Fatalf("draw %d of 50 is not that of 600, or is drawn twice", i)
		}
	}
	logProb, err := m.LogProb(all)
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range all {
		want := -150 * math.Log(2*math.Pi)
		for _, x := range row {
			want -= x * x / 2
		}
		if !(math.Abs(logProb[i]-want) < 1e-3) {
			t.Fatalf("draw %d has log-density %g, expected %g", i, logProb[i], want)
		}
	}
}

// A flow at its start is the scaler alone: its spread is the temperature times the scaler's.
func TestTemperature(t *testing.T) {
	cfg := flow.RealNVP(2)
	cfg.Layers, cfg.Hidden = 1, []int{2}
	cfg.Scaler = &dataset.Standardizer{Mean: []float64{10, -10}, Std: []float64{2, 3}}
	m, err := cfg.NewModel(backendtest.Open(t))
	if err != nil {
		t.Fatal(err)
	}
	const n = 20000
	for _, temperature := range []float64{0.1, 1, 2} {
		d, err := m.Draw(flow.Sampling{Count: n, Temperature: temperature, LogProb: true})
		if err != nil {
			t.Fatal(err)
		}
		for j := range 2 {
			mean, std := stat.MeanStdDev(columnOf(d.X, j), nil)
			want := temperature * cfg.Scaler.Std[j]
			// four standard errors, σ/√n of the mean and σ/√(2n) of the deviation
			if !(math.Abs(mean-cfg.Scaler.Mean[j]) <= 4*want/math.Sqrt(n)) || !(math.Abs(std-want) <= 4*want/math.Sqrt(2*n)) {
				t.Errorf("temperature %g, feature %d: mean %g, standard deviation %g, want %g and %g", temperature, j, mean, std, cfg.Scaler.Mean[j], want)
			}
		}
		again, err := m.LogProb(d.X[:100])
		if err != nil {
			t.Fatal(err)
		}
		for i := range again {
			if !(math.Abs(again[i]-d.LogProb[i]) <= 1e-4) {
				t.Fatalf("temperature %g: log-density %g while sampling, %g when scored", temperature, d.LogProb[i], again[i])
			}
		}
	}
	for _, bad := range []float64{-1, math.Inf(1), math.NaN()} {
		if _, err := m.Draw(flow.Sampling{Count: 1, Temperature: bad}); err == nil || !strings.Contains(err.Error(), "temperature must be") {
			t.Errorf("temperature %g: got %v", bad, err)
		}
	}
	if _, err := m.Draw(flow.Sampling{Count: -1}); err == nil || !strings.Contains(err.Error(), "count must not be negative") {
		t.Errorf("got %v", err)
	}
}

func columnOf(rows [][]float64, j int) []float64 {
	column := make([]float64, len(rows))
	for i, row := range rows {
		column[i] = row[j]
	}
	return column
}

// A million events pass by in the memory of a chunk.
func TestAMillionDrawsInConstantMemory(t *testing.T) {
	cfg := flow.RealNVP(2)
	cfg.Layers, cfg.Hidden = 1, []int{2}
	m, err := cfg.NewModel(backendtest.Open(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Sample(0, 1); err != nil { // compile
		t.Fatal(err)
	}
	const n = 1_000_000
	seen, sum, heap := 0, 0.0, uint64(0)
	var memory runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&memory)
	before := memory.HeapAlloc
	for d, err := range m.DrawChunks(flow.Sampling{Count: n}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range d.X {
			sum += x[0]
		}
		seen += len(d.X)
		if seen%(64*4096) == 0 {
			runtime.GC()
			runtime.ReadMemStats(&memory)
			heap = max(heap, memory.HeapAlloc)
		}
	}
	if seen != n || !(math.Abs(sum/n) <= 4/math.Sqrt(n)) {
		t.Errorf("%d draws of mean %g", seen, sum/n)
	}
	if grown := int64(heap) - int64(before); grown > 8<<20 { // all rows together are 40 MB
		t.Errorf("the heap grew by %d bytes", grown)
	}
}

// The model can be used between the chunks of a sample, and the loop be left.
func TestScoringBetweenChunks(t *testing.T) {
	m := smallModel(t, "realnvp", 2, 0)
	whole, err := m.Draw(flow.Sampling{Seed: 1, Count: 3 * 4096})
	if err != nil {
		t.Fatal(err)
	}
	chunks := 0
	for d, err := range m.DrawChunks(flow.Sampling{Seed: 1, Count: 3 * 4096}) {
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(d.X, whole.X[chunks*4096:(chunks+1)*4096]) {
			t.Errorf("chunk %d differs from the whole sample", chunks)
		}
		if _, err := m.Sample(9, 10); err != nil { // uses the random state
			t.Fatal(err)
		}
		if chunks++; chunks == 2 {
			break
		}
	}
}

// A sequence can be run twice, by two at once ("go test -race" watches).
func TestASampleCanBeDrawnTwiceAtOnce(t *testing.T) {
	m := smallModel(t, "glow", 2, 0)
	chunks := m.DrawChunks(flow.Sampling{Seed: 1, Count: 10})
	var draws [2][][]float64
	var group sync.WaitGroup
	for i := range draws {
		group.Go(func() {
			for d, err := range chunks {
				if err != nil {
					t.Error(err)
				}
				draws[i] = d.X
			}
		})
	}
	group.Wait()
	if len(draws[0]) != 10 || !reflect.DeepEqual(draws[0], draws[1]) {
		t.Errorf("got %v and %v", draws[0], draws[1])
	}
}
