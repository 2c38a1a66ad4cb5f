package table

import (
	"bytes"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

const benchRows = 1_000_000

// benchCSV is a million rows of two columns, 17 digits each: 39 MB.
func benchCSV() []byte {
	rng := rand.New(rand.NewPCG(1, 1))
	b := []byte("x,y\n")
	for range benchRows {
		b = strconv.AppendFloat(b, rng.NormFloat64(), 'g', -1, 64)
		b = append(b, ',')
		b = strconv.AppendFloat(b, rng.NormFloat64(), 'g', -1, 64)
		b = append(b, '\n')
	}
	return b
}

func readBench(b *testing.B, open func() (*Reader, error)) {
	b.ReportAllocs()
	for b.Loop() {
		r := must(open())
		n := 0
		for {
			c, err := r.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				b.Fatal(err)
			}
			n += c.Len()
		}
		if n != benchRows {
			b.Fatal(n)
		}
		r.Close()
	}
	b.ReportMetric(float64(b.N)*benchRows/b.Elapsed().Seconds()/1e6, "Mrows/s")
}

func BenchmarkReadCSV(b *testing.B) {
	text := benchCSV()
	readBench(b, func() (*Reader, error) { return newReader(fromBytes("a.csv", text), Options{}) })
}

func BenchmarkReadCSVKeep(b *testing.B) {
	text := benchCSV()
	readBench(b, func() (*Reader, error) { return newReader(fromBytes("a.csv", text), Options{Keep: []string{"*"}}) })
}

func benchFile(b *testing.B, name string) {
	path := filepath.Join(b.TempDir(), name)
	w := must(Create(path, nil, []string{"x", "y"}, Dialect{}))
	rng := rand.New(rand.NewPCG(1, 1))
	for range benchRows {
		if err := w.Write(nil, []float64{rng.NormFloat64(), rng.NormFloat64()}); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Commit(); err != nil {
		b.Fatal(err)
	}
	readBench(b, func() (*Reader, error) { return Open(path, Options{}) })
}

func BenchmarkReadNPY(b *testing.B)     { benchFile(b, "a.npy") }
func BenchmarkReadNPZ(b *testing.B)     { benchFile(b, "a.npz") }
func BenchmarkReadParquet(b *testing.B) { benchFile(b, "a.parquet") }
func BenchmarkReadGzip(b *testing.B)    { benchFile(b, "a.csv.gz") }

// Reading two columns, keeping them, and writing them with a third, as scoring does.
func BenchmarkCSVToCSV(b *testing.B) {
	in, out := filepath.Join(b.TempDir(), "in.csv"), filepath.Join(b.TempDir(), "out.csv")
	if err := os.WriteFile(in, bytes.Clone(benchCSV()), 0o644); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		r := must(Open(in, Options{Keep: []string{"*"}}))
		w := must(Create(out, r.Kept(), []string{"log_prob"}, Dialect{Single: true}))
		var value [1]float64
		for {
			c, err := r.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				b.Fatal(err)
			}
			for i := range c.Len() {
				value[0] = c.Values[2*i]
				if err := w.Write(c.Text(i), value[:]); err != nil {
					b.Fatal(err)
				}
			}
		}
		if err := w.Commit(); err != nil {
			b.Fatal(err)
		}
		r.Close()
	}
	b.ReportMetric(float64(b.N)*benchRows/b.Elapsed().Seconds()/1e6, "Mrows/s")
}

func BenchmarkSummary(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	s := NewSummarizer([]string{"x", "y"})
	row := make([]float64, 2)
	for b.Loop() {
		row[0], row[1] = rng.NormFloat64(), rng.NormFloat64()
		s.Add(row)
	}
}
