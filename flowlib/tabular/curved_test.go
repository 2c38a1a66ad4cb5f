package tabular

import (
	"math"
	"strings"
	"testing"
)

func TestCurvedFunctions(t *testing.T) {
	for _, n := range []int{80, 500, 3000} {
		for _, tt := range []struct {
			name     string
			features int
			change   func(row []float64) // of four columns of normal numbers
			want     string
		}{
			{"nothing", 4, func([]float64) {}, ""},
			{"a square", 4, func(r []float64) { r[3] = r[0] * r[0] }, `column "d" is a function of "a": the density has no bound, and its NLL means nothing`},
			{"a square before its root", 4, func(r []float64) { r[0] = r[3] * r[3] }, `column "a" is a function of "d": `},
			{"a square of long tails", 4, func(r []float64) { r[0] *= r[0] * r[0]; r[3] = r[0] * r[0] }, `column "d" is a function of "a": `},
			{"an exponential", 4, func(r []float64) { r[2] = math.Exp(r[1]) }, `column "c" is a function of "b": `},
			{"a logarithm far from 0", 4, func(r []float64) { r[2] = 1e6 + math.Log(100+r[1]) }, `column "c" is a function of "b": `},
			{"a sine as float32", 4, func(r []float64) { r[2] = float64(float32(math.Sin(r[1]))) }, `column "c" is a function of "b": `},
			{"a kink", 4, func(r []float64) { r[2] = math.Abs(r[1]) }, `column "c" is a function of "b": `},
			{"of the context", 3, func(r []float64) { r[1] = math.Tanh(r[3]) }, `column "b" is a function of "d": `},
			{"context alone", 2, func(r []float64) { r[2] = r[3] * r[3] }, ""},
			{"with noise", 4, func(r []float64) { r[3] = r[0]*r[0] + 0.01*r[1] }, ""},
			{"of two", 4, func(r []float64) { r[3] = r[0] * r[1] }, ""},
			{"a straight line, which is found elsewhere", 4, func(r []float64) { r[3] = 2 * r[0] }, ""},
			{"heavy tails", 4, func(r []float64) { r[2], r[3] = math.Exp(9*r[2]), math.Exp(9*r[3]) }, ""},
			{"nearly all zeros", 4, func(r []float64) { r[2], r[3] = max(0, r[2]-2), max(0, r[3]-1.5) }, ""},
			{"whole numbers", 4, func(r []float64) { r[2], r[3] = math.Round(r[2]), math.Round(3*r[3]) }, ""},
			{"a group's number", 4, func(r []float64) { r[2] = math.Round(r[3]) }, ""},
			{"constant", 4, func(r []float64) { r[2] = 7 }, ""},
		} {
			if n == 80 && tt.want != "" {
				continue // too few rows to be sure
			}
			rows := gaussian(11, n, 4)
			for _, row := range rows {
				tt.change(row)
			}
			found := findCurved(rows, tt.features, findDependent(rows, tt.features))
			got := ""
			for _, d := range found {
				got += d.warning([]string{"a", "b", "c", "d"}, false).String() + "\n"
			}
			if !strings.HasPrefix(got, tt.want) || tt.want == "" && got != "" || strings.Count(got, "\n") > 1 {
				t.Errorf("%d rows, %s: got %q", n, tt.name, got)
			}
		}
	}
}
