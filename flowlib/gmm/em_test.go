package gmm

import (
	"math"
	"testing"
)

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
