package tabular

import (
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/dataset"
	"normflow/flowlib/flow"
)

// candidatesJob is a job of two features.
func candidatesJob(t *testing.T, rows int, context ...string) *job {
	j := &job{data: &data{features: []string{"a", "b"}, context: context}, flow: flow.NSF(2), backend: backendtest.Open(t)}
	j.data.raw.Train = make([][]float64, rows)
	return j
}

// The simplest come first; a small flow is tried where rows are few, and given a context a
// linear Gaussian takes the place of the others.
func TestCandidates(t *testing.T) {
	for _, tt := range []struct {
		rows    int
		context []string
		want    []string
	}{
		{100, nil, []string{"gaussian", "gaussian mixture", "wide", "nsf-small", "nsf"}},
		{5000, nil, []string{"gaussian", "gaussian mixture", "wide", "nsf"}},
		{100, []string{"c"}, []string{"linear gaussian", "nsf-small", "nsf"}},
		{5000, []string{"c"}, []string{"linear gaussian", "nsf"}},
		{5000, []string{"c", "d", "e", "f"}, []string{"linear gaussian", "nsf-small", "nsf"}},
	} {
		var got []string
		for _, c := range candidatesJob(t, tt.rows, tt.context...).candidates() {
			got = append(got, c.name)
			if (c.flow == nil) != (c.simple != nil) {
				t.Errorf("%s is neither a flow nor simple", c.name)
			}
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%d rows given %v: %q, expected %q", tt.rows, tt.context, got, tt.want)
		}
		if len(got) > 1 && got[len(got)-2] != "nsf-small" && tt.rows < maxFolded {
			t.Errorf("%d rows: %q", tt.rows, got)
		}
	}
	j := candidatesJob(t, 100)
	j.candidates()
	if want := flow.NSF(2); j.flow.Layers != want.Layers || j.flow.Bins != want.Bins {
		t.Errorf("the large flow is now %+v", j.flow)
	}
}

// The wide density is Cauchy's, around the median with half the distance of the quartiles;
// where most rows have one value, with the standard deviation.
func TestWide(t *testing.T) {
	var rows [][]float64
	for i := range 101 {
		rows = append(rows, []float64{float64(i) - 30, 7})
	}
	for i := range 10 {
		rows[10*i][1] = 7 + float64(i)
	}
	members, err := candidatesJob(t, len(rows)).wide(rows, nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := dataset.NewStandardizer(rows)
	if err != nil {
		t.Fatal(err)
	}
	at := [][]float64{{20, 7}, {-1e6, 9}, {1e30, -1e30}}
	got, err := scoreBy(members, at)
	if err != nil {
		t.Fatal(err)
	}
	a, b := distuv.StudentsT{Mu: 20, Sigma: 25, Nu: 1}, distuv.StudentsT{Mu: 7, Sigma: s.Std[1], Nu: 1}
	for i, x := range at[:2] {
		if want := a.LogProb(x[0]) + b.LogProb(x[1]); math.Abs(got[i]-want) > 0.03*math.Abs(want) {
			t.Errorf("%v: log-density %g, expected about %g", x, got[i], want)
		}
	}
	if math.IsInf(got[2], 0) || math.IsNaN(got[2]) {
		t.Errorf("%v: log-density %g", at[2], got[2])
	}
}

// A mixture of Gaussians and a single one are proper: their weights sum to 1, and each is
// of the rows.
func TestSimpleCandidates(t *testing.T) {
	rows := gaussian(5, 400, 2)
	for i := range rows[:200] {
		rows[i][0] += 9
	}
	j := candidatesJob(t, len(rows))
	one, err := j.gaussian(rows, nil)
	if err != nil {
		t.Fatal(err)
	}
	several, err := j.mixture(rows, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(one) != 1 || len(several) != 2 || math.Abs(several[0].Weight+several[1].Weight-1) > 1e-9 {
		t.Fatalf("%d and %d members", len(one), len(several))
	}
	var nll [2]float64
	for k, members := range [][]flow.Member{one, several} {
		logProb, err := scoreBy(members, rows)
		if err != nil {
			t.Fatal(err)
		}
		for _, lp := range logProb {
			nll[k] -= lp / float64(len(rows))
		}
	}
	hills := 2*(0.5+0.5*math.Log(2*math.Pi)) + math.Ln2 // of two normals, hardly overlapping
	if math.Abs(nll[1]-hills) > 0.15 || !(nll[0] > nll[1]+0.5) {
		t.Errorf("NLLs %.3f of one and %.3f of two, expected about %.3f of two", nll[0], nll[1], hills)
	}
}
