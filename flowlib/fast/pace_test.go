package fast

import "testing"

// trained is how long so many steps take at the pace p, if a step takes seconds, one for
// each choice; turn slow takes ten steps more.
func trained(p *pace, steps int, seconds []float64, slow int) (spent float64) {
	for turn := 0; steps > 0; turn++ {
		choice, n := p.next()
		took := float64(n) * seconds[choice]
		spent += took
		if turn == slow {
			took += 10 * seconds[choice]
		}
		p.took(choice, took/float64(n))
		steps -= n
	}
	return spent
}

// The fastest number of threads makes most of the steps, also after the machine has
// become busy or quiet.
func TestPace(t *testing.T) {
	p := newPace(4)
	if len(p.threads) != 3 || p.threads[2] != 4 {
		t.Fatalf("choices %v", p.threads)
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
		const steps = 20_000
		if got := trained(p, steps, machine.seconds, -1) / steps; got > 1.1*machine.best {
			t.Errorf("steps take %v with 1, 2 and 4 threads: on average %.2f, expected about %g", machine.seconds, got, machine.best)
		}
	}
	one := newPace(1)
	for range 100 {
		if choice, _ := one.next(); choice != 0 {
			t.Fatal("another choice than one thread of one")
		}
		one.took(0, 1)
	}
}

// Whatever one of the first turns was held up by, a short training is nearly as fast as
// it can be.
func TestPaceStartsRough(t *testing.T) {
	for _, machine := range [][]float64{{1.8, 1}, {1, 1.8}, {1, 4}} {
		for slow := range 10 {
			const steps = 2000
			if got := trained(newPace(2), steps, machine, slow) / steps; got > 1.1 {
				t.Errorf("steps take %v with 1 and 2 threads, and longer in turn %d: on average %.2f, expected about 1", machine, slow, got)
			}
		}
	}
}
