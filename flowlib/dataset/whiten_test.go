package dataset

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// correlated draws n rows of three columns with means and spreads far apart, and their
// log-densities.
func correlated(n int) (rows [][]float64, logProb []float64) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range n {
		a, b, c := rng.NormFloat64(), rng.NormFloat64(), rng.NormFloat64()
		rows = append(rows, []float64{1e6 + 2*a, -3 + 2.7*a + 1.3*b, 0.05*a + 0.09*c})
		logProb = append(logProb, -1.5*math.Log(2*math.Pi)-0.5*(a*a+b*b+c*c)-math.Log(2*1.3*0.09))
	}
	return rows, logProb
}

func TestWhitenerMakesUnitCovariance(t *testing.T) {
	rows, _ := correlated(20000)
	w, err := NewWhitener(rows)
	if err != nil {
		t.Fatal(err)
	}
	u := mat.NewDense(len(rows), 3, nil)
	for i, row := range rows {
		w.Apply(u.RawRowView(i), row)
	}
	var covariance mat.SymDense
	stat.CovarianceMatrix(&covariance, u, nil)
	for i := range 3 {
		for j := range 3 {
			want := 0.0
			if i == j {
				want = 1
			}
			// The correlation was shrunk by a few times 1/n.
			if got := covariance.At(i, j); !(math.Abs(got-want) < 5e-3) {
				t.Errorf("covariance of columns %d and %d is %g, want %g", i, j, got, want)
			}
		}
	}
}

// A unit Gaussian over whitened rows is the Gaussian of the rows.
// A strong correlation is taken out for a flow, a weak one left to it: edges along the
// axes stay so.
func TestForFlow(t *testing.T) {
	medium, _ := correlated(5000) // worth 0.32 nats a column
	strong := make([][]float64, len(medium))
	for i, row := range medium {
		strong[i] = []float64{row[0], row[0] + 0.1*row[1]} // worth 1.0
	}
	weak, err := ByName("checkerboard")
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		rows  [][]float64
		whole bool
	}{"strong": {strong, true}, "medium": {medium, false}, "checkerboard": {weak.Sample(1, 5000), false}, "alone": {columnOf(strong), false}} {
		w, err := NewWhitener(tt.rows)
		if err != nil {
			t.Fatal(err)
		}
		if got := w.ForFlow(); (got.Factor != nil) != tt.whole || got.Mean[0] != w.Mean[0] || got.Std[0] != w.Std[0] {
			t.Errorf("%s: %+v of %+v", name, got, w)
		}
	}
}

func columnOf(rows [][]float64) (column [][]float64) {
	for _, row := range rows {
		column = append(column, row[:1])
	}
	return column
}

func TestWhitenerLogDet(t *testing.T) {
	rows, logProb := correlated(200000)
	w, err := NewWhitener(rows)
	if err != nil {
		t.Fatal(err)
	}
	mean := 0.0
	for i, row := range rows[:1000] {
		u := make([]float64, 3)
		w.Apply(u, row)
		got := -1.5*math.Log(2*math.Pi) - 0.5*floats.Dot(u, u) + w.LogDet()
		mean += math.Abs(got-logProb[i]) / 1000
	}
	if !(mean < 0.02) { // 9 estimated numbers from 2e5 rows
		t.Errorf("log-densities differ by %g nats on average", mean)
	}
}

func TestWhitenerInvertsInPlace(t *testing.T) {
	rows, _ := correlated(100)
	w, err := NewWhitener(rows)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		u, fresh := append([]float64(nil), row...), make([]float64, 3)
		w.Apply(fresh, row)
		w.Apply(u, u)
		if !floats.Equal(u, fresh) {
			t.Fatalf("in place %v, else %v", u, fresh)
		}
		w.Invert(u, u)
		if !floats.EqualApprox(u, row, 1e-9) {
			t.Fatalf("%v came back as %v", row, u)
		}
	}
}

// Three factors and noise: few rows are shrunk to where fresh rows are likelier than
// under the correlation as it was measured, many are not.
func TestWhitenerShrinks(t *testing.T) {
	const d = 12
	rng := rand.New(rand.NewPCG(3, 4))
	load := mat.NewDense(d, 3, nil)
	load.Apply(func(int, int, float64) float64 { return rng.NormFloat64() }, load)
	draw := func(n int) (rows [][]float64) {
		for range n {
			factors := mat.NewVecDense(3, []float64{rng.NormFloat64(), rng.NormFloat64(), rng.NormFloat64()})
			x := mat.NewVecDense(d, nil)
			x.MulVec(load, factors)
			for j := range d {
				x.SetVec(j, x.AtVec(j)+0.3*rng.NormFloat64())
			}
			rows = append(rows, x.RawVector().Data)
		}
		return rows
	}
	fresh := draw(2000)
	nll := func(w *Standardizer) float64 {
		sum, u := 0.0, make([]float64, d)
		for _, row := range fresh {
			w.Apply(u, row)
			sum += floats.Dot(u, u)/2 - w.LogDet()
		}
		return sum / float64(len(fresh))
	}
	for _, tt := range []struct {
		rows int
		gain float64 // at least, nats
	}{{20, 1}, {60, 0.1}, {240, -0.02}, {5000, -0.001}} {
		rows := draw(tt.rows)
		w, err := NewWhitener(rows)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := NewStandardizer(rows)
		if err != nil {
			t.Fatal(err)
		}
		u := mat.NewDense(len(rows), d, nil)
		for i, row := range rows {
			plain.Apply(u.RawRowView(i), row)
		}
		var cholesky mat.Cholesky
		if !cholesky.Factorize(shrunk(products(u, 0, len(rows)), leastShrinkage)) {
			t.Fatal("singular")
		}
		var lower mat.TriDense
		cholesky.LTo(&lower)
		for i := range d {
			plain.Factor = append(plain.Factor, mat.Row(nil, i, &lower)[:i+1])
		}
		if gain := nll(plain) - nll(w); !(gain >= tt.gain) {
			t.Errorf("%d rows: fresh rows are %g nats likelier, want at least %g", tt.rows, gain, tt.gain)
		}
	}
}

// Fewer rows than columns still give a factor.
func TestWhitenerOfFewRows(t *testing.T) {
	w, err := NewWhitener([][]float64{{1, 2, 3, 5}, {2, 1, 5, 1}, {0, 3, 1, 2}})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Check(4); err != nil {
		t.Error(err)
	}
}

func TestCheckKnowsFactors(t *testing.T) {
	for _, factor := range [][][]float64{
		{}, {{1}}, {{1}, {1}}, {{1}, {0, 1, 2}}, {{1}, {0, 0}}, {{1}, {0, -1}}, {{math.NaN()}, {0, 1}}, {{1}, {math.Inf(1), 1}},
	} {
		s := &Standardizer{Mean: []float64{0, 0}, Std: []float64{1, 1}, Factor: factor}
		if err := s.Check(2); err == nil {
			t.Errorf("the factor %v is taken", factor)
		}
	}
}

// What a float64 cannot hold, once scaled, is infinite, not NaN: a row far out, not a
// broken one.
func TestWhiteningOverflows(t *testing.T) {
	s := &Standardizer{Mean: []float64{0, 0, 0}, Std: []float64{1e-10, 1e-10, 1}, Factor: [][]float64{{1}, {0.5, 1}, {0, 0.5, 1}}}
	u := make([]float64, 3)
	s.Apply(u, []float64{1e300, 1e300, 0})
	for d, v := range u {
		if !math.IsInf(v, 0) {
			t.Errorf("column %d became %g", d, v)
		}
	}
	s.Apply(u, []float64{math.NaN(), 0, 0})
	if !math.IsNaN(u[0]) || !math.IsNaN(u[1]) {
		t.Errorf("NaN became %v", u)
	}
}
