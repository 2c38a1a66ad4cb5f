package tabular

import (
	"math"
	"strings"
	"testing"
)

func TestProducts(t *testing.T) {
	names := []string{"a", "b", "c", "d"}
	for _, tt := range []struct {
		name     string
		features int
		change   func(row []float64) // of four columns of normal numbers
		want     string
	}{
		{"nothing", 4, func([]float64) {}, ""},
		{"a product", 4, func(r []float64) { r[3] = r[0] * r[1] }, `column "d" is a function of "a", "b": the density has no bound, and its NLL means nothing`},
		{"a ratio", 4, func(r []float64) { r[1] = r[3] / r[0] }, `column "d" is a function of "a", "b": `},
		{"weight by height squared", 4, func(r []float64) {
			r[0], r[1] = math.Exp(4+0.2*r[0]), 1.7+0.1*r[1]
			r[2] = r[0] / (r[1] * r[1])
		}, `column "c" is a function of "a", "b": `},
		{"a volume to six digits", 4, func(r []float64) {
			for j := range 3 {
				r[j] = math.Exp(r[j])
			}
			r[3] = math.Round(1e6*r[0]*r[1]*r[2]) / 1e6
		}, `column "d" is a function of "a", "b", "c"`},
		{"a sum of squares", 4, func(r []float64) { r[3] = r[0]*r[0] + r[1]*r[1] }, `column "b" is a function of "a", "d": `},
		{"a distance, far from 0", 4, func(r []float64) {
			r[0], r[1] = 10+r[0], 10+r[1]
			r[2] = math.Hypot(r[0], r[1])
		}, `column "c" is a function of "a", "b": `},
		{"of the context", 2, func(r []float64) { r[1] = r[2] * r[3] }, `column "b" is a function of "c", "d": `},
		{"context alone", 1, func(r []float64) { r[1] = r[2] * r[3] }, ""},
		{"with noise", 4, func(r []float64) { r[3] = r[0]*r[1] + 0.05*r[2] }, ""},
		{"zeros", 4, func(r []float64) { r[3], r[2] = max(0, r[3]), max(0, r[2]) }, ""},
		{"two values", 4, func(r []float64) { r[3], r[2] = math.Copysign(1, r[3])+2, math.Copysign(1, r[2]) }, ""},
		{"three values", 4, func(r []float64) { r[3], r[2] = math.Round(r[3]/3), math.Round(r[2]/3) }, ""},
		{"a straight line, which is found elsewhere", 4, func(r []float64) { r[3] = 2*r[0] - r[1] }, ""},
		{"a square, which is found elsewhere", 4, func(r []float64) { r[3] = r[0] * r[0] }, ""},
		{"heavy tails", 4, func(r []float64) { r[2], r[3] = math.Exp(9*r[2]), math.Exp(9*r[3]) }, ""},
		{"constant", 4, func(r []float64) { r[2] = 7 }, ""},
	} {
		rows := gaussian(12, 400, 4)
		for _, row := range rows {
			tt.change(row)
		}
		found := findDependent(rows, tt.features)
		found = append(found, findCurved(rows, tt.features, found)...)
		got := ""
		for _, d := range findProducts(rows, tt.features, found) {
			got += d.warning(names, false).String() + "\n"
		}
		if !strings.HasPrefix(got, tt.want) || tt.want == "" && got != "" || strings.Count(got, "\n") > 1 {
			t.Errorf("%s: got %q", tt.name, got)
		}
	}
}
