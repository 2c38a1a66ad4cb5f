package fast

// pace chooses how many threads make the next steps of a training: as many as were
// fastest lately. On a machine whose processors are taken by others, a thread that waits
// for one keeps the rest waiting at every barrier, and one thread alone may be several
// times as fast as two. The weights do not depend on the choice.
type pace struct {
	threads []int     // choices: 1, 2, 4 and so on, and all
	seconds []float64 // that a step took lately with each; 0: not known yet
	best    int       // choice
	turns   int       // since another choice was tried
	trial   int       // the choice of the next trial, around and around
}

// turnsPerTrial keeps what trials cost below a hundredth.
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

// took says that a step took so many seconds with a choice.
func (p *pace) took(choice int, seconds float64) {
	const newest = 0.25 // the share of the newest turn
	switch known := p.seconds[choice]; {
	case known == 0 || seconds < known/2: // the first turn builds what later ones find
		p.seconds[choice] = seconds
	default:
		if seconds > 2*known { // the machine has become busy, or it was a moment only
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
