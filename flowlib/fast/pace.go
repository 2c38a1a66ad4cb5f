package fast

// pace chooses the number of threads for the next steps of a training: the number that
// was fastest lately. If other programs occupy the processors, a thread that waits for
// one delays the others at every barrier, and one thread alone may be several times as
// fast as two. The weights do not depend on the choice.
type pace struct {
	threads []int     // choices: 1, 2, 4 and so on, and all
	seconds []float64 // recent time per step for each choice; 0 if unknown
	best    int       // index of the fastest choice
	turns   int       // since another choice was tried
	trial   int       // index of the next choice to try, in rotation
}

// turnsPerTrial keeps the cost of trials below a hundredth.
const turnsPerTrial = 64

func newPace(threads int) *pace {
	p := &pace{}
	for n := 1; n < threads; n *= 2 {
		p.threads = append(p.threads, n)
	}
	p.threads = append(p.threads, threads)
	p.seconds = make([]float64, len(p.threads))
	p.best = len(p.threads) - 1
	return p
}

// next returns the choice for the next turn.
func (p *pace) next() int {
	if p.seconds[p.best] == 0 {
		return p.best
	}
	for i, s := range p.seconds {
		if s == 0 {
			return i
		}
	}
	if p.turns++; p.turns < turnsPerTrial || len(p.threads) == 1 {
		return p.best
	}
	p.turns = 0
	p.trial = (p.trial + 1) % len(p.threads)
	if p.trial == p.best {
		p.trial = (p.trial + 1) % len(p.threads)
	}
	return p.trial
}

// took records the time of a step for a choice.
func (p *pace) took(choice int, seconds float64) {
	const newest = 0.25 // weight of the newest turn
	switch known := p.seconds[choice]; {
	case known == 0 || seconds < known/2: // the first turn also sets up
		p.seconds[choice] = seconds
	default:
		if seconds > 2*known { // the machine is busy now, or was for a moment
			p.turns += turnsPerTrial / 8
		}
		p.seconds[choice] += newest * (min(seconds, 8*known) - known)
	}
	for i, s := range p.seconds {
		if s > 0 && s < p.seconds[p.best] {
			p.best = i
		}
	}
}
