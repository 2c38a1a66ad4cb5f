package fast

import "testing"

// The fastest number of threads makes most of the steps, also after the machine has
// become busy or quiet.
func TestPace(t *testing.T) {
	p := newPace(4)
	if len(p.threads) != 3 || p.threads[2] != 4 {
		t.Fatalf("choices %v", p.threads)
	}
	run := func(seconds ...float64) (spent float64) {
		for range 2000 {
			choice := p.next()
			p.took(choice, seconds[choice])
			spent += seconds[choice]
		}
		return spent / 2000
	}
	for _, machine := range []struct {
		seconds []float64
		best    float64
	}{
		{[]float64{4, 2, 1}, 1},
		{[]float64{5, 9, 30}, 5},
		{[]float64{4, 2, 3}, 2},
		{[]float64{4, 2, 1}, 1},
	} {
		if got := run(machine.seconds...); got > 1.15*machine.best {
			t.Errorf("steps take %v with 1, 2 and 4 threads: on average %.2f, expected about %g", machine.seconds, got, machine.best)
		}
	}
	one := newPace(1)
	for range 100 {
		if one.next() != 0 {
			t.Fatal("another choice than one thread of one")
		}
		one.took(0, 1)
	}
}
