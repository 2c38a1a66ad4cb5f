package fast

// pace chooses the number of threads for the next steps of a training: the number that
// was fastest lately. If other programs occupy the processors, a thread that waits for
// one delays the others at every barrier, and one thread alone may be several times as
// fast as two. The weights do not depend on the choice.
type pace struct {
	threads []int     // choices: 1, 2, 4 and so on, and all
	seconds []float64 // recent time per step for each choice; 0 if unknown
	best    int       // index of the fastest choice
	warm    bool      // a turn was made
	again   bool      // the last trial was faster than the best choice: try once more
	trial   int       // index of the last choice tried, in rotation
	turns   int       // since then
	wait    int       // turns until the next trial
}

// A trial follows after firstWait turns, the next after twice as many, and so on up to
// lastWait: what the first turns measured may be wrong, and later trials must cost next to
// nothing.
const (
	firstWait = 8
	lastWait  = 32
)

// A turn of the fastest choice takes stepsPerTurn steps, some milliseconds, compared with
// which waking the threads costs nothing. A trial, which may be several times as slow,
// takes stepsPerTrial.
const (
	stepsPerTurn  = 16
	stepsPerTrial = 4
)

func newPace(threads int) *pace {
	p := &pace{wait: firstWait}
	for n := 1; n < threads; n *= 2 {
		p.threads = append(p.threads, n)
	}
	p.threads = append(p.threads, threads)
	p.seconds = make([]float64, len(p.threads))
	p.best = len(p.threads) - 1
	return p
}

// next returns the choice for the next turn, and the number of steps.
func (p *pace) next() (choice, steps int) {
	if choice = p.choose(); choice == p.best && p.seconds[choice] > 0 {
		return choice, stepsPerTurn
	}
	return choice, stepsPerTrial
}

func (p *pace) choose() int {
	if p.seconds[p.best] == 0 {
		return p.best
	}
	for i, s := range p.seconds {
		if s == 0 {
			return i
		}
	}
	if p.again {
		return p.trial
	}
	if p.turns++; p.turns < p.wait || len(p.threads) == 1 {
		return p.best
	}
	p.turns, p.wait = 0, min(2*p.wait, lastWait)
	p.trial = (p.trial + 1) % len(p.threads)
	if p.trial == p.best {
		p.trial = (p.trial + 1) % len(p.threads)
	}
	return p.trial
}

// took records the time of a step for a choice. The first turn, which also sets up, does
// not count.
func (p *pace) took(choice int, seconds float64) {
	if !p.warm {
		p.warm = true
		return
	}
	const newest = 0.25 // weight of the newest turn
	if known := p.seconds[choice]; known == 0 {
		p.seconds[choice] = seconds
	} else {
		if seconds > 2*known { // the machine is busy now, or was for a moment
			p.turns += lastWait / 8
		}
		p.seconds[choice] += newest * (min(seconds, 8*known) - known)
	}
	faster := seconds < p.seconds[p.best]
	for i, s := range p.seconds {
		if s > 0 && s < p.seconds[p.best] {
			p.best = i
		}
	}
	p.again = choice == p.trial && faster && choice != p.best
}
