package measured

import "slices"

// paceBatch is the batch size of the training whose time is shown.
const paceBatch = 256

// Pace is the speed of an engine in a training.
type Pace struct {
	Engine, Name   string
	Cold           float64 // from the start of the process to the end of the first step, seconds
	StepsPerSecond float64
	Parameters     int  // of the flow it was measured with
	Reported       bool // the report has room for it
}

// At returns when the given number of steps has been made, in seconds from the start of
// the process. Engines that make the same steps differ in nothing else.
func (p Pace) At(steps int) float64 { return p.Cold + float64(steps-1)/p.StepsPerSecond }

// Paces returns those of the engines that were measured, for batches of 256 and the
// better number of threads.
func (s Speeds) Paces() (paces []Pace) {
	for _, e := range speedEngines {
		if l, ok := s.best(e.key, "train", paceBatch); ok {
			paces = append(paces, Pace{e.key, e.name, l.Cold, l.PerSecond / paceBatch, s.Lines[0].Parameters, slices.Contains(reported.engines, e.key)})
		}
	}
	return paces
}
