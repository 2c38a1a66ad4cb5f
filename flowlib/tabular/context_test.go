package tabular

import (
	"context"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"
)

// x = c + 0.1·N with c a whole number from 0 to 9: p(x | c) has the entropy
// ln 0.1 + (1 + ln 2π)/2 = -0.884, whatever c is, and its draws lie near c.
func TestWholeNumberedContextIsGivenAsItIs(t *testing.T) {
	ruled := func(seed int64, n int) [][]float64 {
		rng := rand.New(rand.NewPCG(uint64(seed), 0))
		rows := make([][]float64, n)
		for i := range rows {
			c := float64(rng.IntN(10))
			rows[i] = []float64{c + 0.1*rng.NormFloat64(), c}
		}
		return rows
	}
	columns := []string{"x", "c"}
	dir := filepath.Join(t.TempDir(), "model")
	c := small()
	c.ConditionOn, c.Steps = []string{"c"}, 400
	r, err := Fit(context.Background(), write(t, "ctx.csv", columns, ruled(1, 2000)), dir, c, Progress{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Steps != nil {
		t.Errorf("noise %v, want none", r.Steps)
	}
	m := open(t, dir, "go")
	e, err := m.Evaluate(context.Background(), write(t, "new.csv", columns, ruled(2, 5000)), Options{}, 1)
	if err != nil {
		t.Fatal(err)
	}
	want := math.Log(0.1) + (1+math.Log(2*math.Pi))/2
	t.Logf("NLL %v, entropy %.4f", e.NLL, want)
	if !(e.NLL.Mean >= want-4*e.NLL.SE && e.NLL.Mean <= want+0.08) {
		t.Errorf("NLL %v, the entropy is %.4f", e.NLL, want)
	}
	out := filepath.Join(t.TempDir(), "o.csv")
	for _, setting := range []float64{0, 3, 9} {
		if _, err := m.Sample(context.Background(), out, SampleConfig{Count: 2000, Temperature: 1, Condition: map[string]float64{"c": setting}}); err != nil {
			t.Fatal(err)
		}
		if s := axis(readAll(t, out).Rows, 0); !(math.Abs(s.mean-setting) <= 0.03 && s.std <= 0.13) {
			t.Errorf("draws at c = %g have mean %.3f and standard deviation %.3f, want %g and 0.1", setting, s.mean, s.std, setting)
		}
	}
}
