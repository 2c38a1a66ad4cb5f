// Command learning draws the animated picture at the top of the README: a flow that
// learns two moons, from states of a real training with the fast engine.
//
//	go run ./scripts/learning -o docs/figures/learning.svg
package main

import (
	"flag"
	"fmt"
	"log"
	"math"
	"math/rand/v2"
	"os"
	"slices"

	"normflow/flowlib/byhand"
	"normflow/flowlib/dataset"
	"normflow/flowlib/fast"
	"normflow/flowlib/figure"
	"normflow/internal/whole"
)

const (
	density = "moons05"
	layers  = 8
	batch   = 256
	rate    = 2e-3 // of Adam, falling to 0 along a cosine
	frames  = 24
	dots    = 420
	seed    = 4
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("learning: ")
	out := flag.String("o", "docs/figures/learning.svg", "the picture")
	steps := flag.Int("steps", 2000, "of training")
	flag.Parse()
	if flag.NArg() > 0 || *steps < frames {
		fmt.Fprintf(os.Stderr, "usage: learning [-o FILE] [-steps N], with at least %d steps\n", frames)
		os.Exit(2)
	}
	svg, err := draw(*steps)
	if err == nil {
		err = whole.WriteFile(*out, svg)
	}
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s: %d bytes\n", *out, len(svg))
}

func draw(steps int) (figure.SVG, error) {
	d, err := dataset.ByName(density)
	if err != nil {
		return nil, err
	}
	data := d.Draw(seed, 20_000, 2_000, 2)
	scaler, err := dataset.NewStandardizer(data.Train)
	if err != nil {
		return nil, err
	}
	states, err := train(scaler, data, steps)
	if err != nil {
		return nil, err
	}
	last := states[len(states)-1]
	return figure.Learning(figure.Info{
		Title: "A flow learns the two moons",
		Description: fmt.Sprintf("On the left a round cloud of points moves, step by step of the training, to where the data lie: two interleaved half moons. "+
			"On the right the mean log-likelihood of held-out events climbs from %.2f to %.2f nats, towards its limit, the negative entropy of %.2f.",
			states[0].LogLikelihood, last.LogLikelihood, -d.Entropy),
	}, data.Valid[:1000], figure.Mark{Name: "−entropy", Value: -d.Entropy}, states...)
}

// train returns states of a training; the first ones are close together.
func train(scaler *dataset.Standardizer, data dataset.Splits, steps int) ([]figure.State, error) {
	f := byhand.New[float32](2, layers, []int{64, 64}, seed)
	engine, err := fast.FromByHand(f, 0)
	if err != nil {
		return nil, err
	}
	trainer, err := fast.NewTrainer(engine, flat(scaler, data.Train))
	if err != nil {
		return nil, err
	}
	trainer.ClipNorm = 5
	rng := rand.New(rand.NewPCG(seed, 1))
	z := make([]float32, 2*dots)
	for i := range z {
		z[i] = float32(rng.NormFloat64())
	}
	valid, logProb := flat(scaler, data.Valid), make([]float64, len(data.Valid))
	var states []figure.State
	step := 0
	for frame := range frames {
		until := stepOf(frame, steps)
		n := until - step
		rows, rates := make([]int32, n*batch), make([]float64, n)
		for i := range rows {
			rows[i] = int32(rng.IntN(len(data.Train)))
		}
		for i := range rates {
			rates[i] = rate * 0.5 * (1 + math.Cos(math.Pi*float64(step+i)/float64(steps)))
		}
		if n > 0 {
			if made := trainer.Run(rows, rates, nil, make([]float64, n)); made < n {
				return nil, fmt.Errorf("the NLL of step %d or its gradient is not finite", step+made+1)
			}
		}
		step = until
		weights := engine.Weights()
		for i, values := range f.Params() { // in the same order
			weights.Get(i, values)
		}
		engine.LogProb(logProb, valid)
		state := figure.State{Step: step, LogLikelihood: scaler.LogDet()}
		for _, lp := range logProb {
			state.LogLikelihood += lp / float64(len(logProb))
		}
		x, _ := f.Forward(z)
		for u := range slices.Chunk(x, 2) {
			row := []float64{float64(u[0]), float64(u[1])}
			scaler.Invert(row, row)
			state.Points = append(state.Points, row)
		}
		states = append(states, state)
	}
	return states, nil
}

// stepOf returns the step of a frame: 0 for the first, steps for the last, and in between
// the cube of its number, rounded up so that steps increase.
func stepOf(frame, steps int) int {
	part := float64(frame) / (frames - 1)
	return max(frame, int(math.Round(part*part*part*float64(steps))))
}

func flat(scaler *dataset.Standardizer, rows [][]float64) []float32 {
	u, out := make([]float64, 2), make([]float32, 0, 2*len(rows))
	for _, row := range rows {
		scaler.Apply(u, row)
		out = append(out, float32(u[0]), float32(u[1]))
	}
	return out
}
