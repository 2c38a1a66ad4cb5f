package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"normflow/flowlib/backend"
	"normflow/flowlib/fit"
	"normflow/flowlib/imagefit"
	"normflow/flowlib/imageflow"
	"normflow/flowlib/imageset"
	"normflow/flowlib/imageset/digits"
	"normflow/internal/bench"
)

// mnistValid is how many of the 60,000 pictures of the training choose the weights.
const mnistValid = 500

// mnist fits our flow, the same given the digit, a pyramid and that of normflows to the pictures of the
// folder, which scripts/mnist has written, each for so many seconds of processor time. That
// of normflows is fitted beside ours: a busy machine is as busy for both.
func (r *imagesRun) mnist(ctx context.Context) error {
	wanted := func(part string) bool { return slices.Contains(r.parts, part) }
	if !wanted("flow") && !wanted("classes") && !wanted("pyramid") && !(wanted("peers") && r.python != "") {
		return fmt.Errorf("--parts: expected some of flow,classes,pyramid,peers for MNIST, and --python for peers, found %s", strings.Join(r.parts, ","))
	}
	if r.sheet != "" {
		if err := imagefit.CheckDraws(r.sheet); err != nil {
			return err
		}
	}
	train, err := r.mnistPart("train")
	if err != nil {
		return err
	}
	test, err := r.mnistPart("test")
	if err != nil {
		return err
	}
	seed := r.seeds[0]
	parts := train.Split(seed, mnistValid)
	s := &imagesSplit{train: parts[1], valid: parts[0], test: test, seed: seed, data: "MNIST", python: r.python, cpu: 60 * r.minutes, evalEvery: 250, draws: 2, noise: 4, sheet: r.sheet}
	var rows [4]imagesRow
	var failed [4]error
	var both sync.WaitGroup
	both.Go(func() { // one after the other: the processor time is that of the whole process
		if wanted("flow") {
			rows[0], failed[0] = s.within(ctx, 0)
		}
		if wanted("classes") {
			rows[1], failed[1] = s.within(ctx, digits.Classes)
		}
		if wanted("pyramid") {
			rows[2], failed[2] = s.pyramids().within(ctx, 0)
		}
	})
	if r.python != "" && wanted("peers") {
		both.Go(func() { rows[3], failed[3] = s.peer(ctx, "normflows") })
	}
	both.Wait()
	for _, row := range rows {
		if row.Model != "" && row.Test > 0 { // what one measured stays if the other failed
			row.Seed, row.Origin = seed, r.from
			if err := r.add(row); err != nil {
				return err
			}
		}
	}
	return errors.Join(failed[:]...)
}

// mnistPart reads pictures and their digits.
func (r *imagesRun) mnistPart(name string) (*imageset.Set, error) {
	s, err := imageset.ReadNPY(filepath.Join(r.folder, name+".npy"))
	if err != nil {
		return nil, err
	}
	return s, imagefit.Label(s, filepath.Join(r.folder, name+"-labels.npy"))
}

// within fits our flow, or the same given one of so many digits, by as many steps as take
// s.cpu seconds of processor time.
func (s *imagesSplit) within(ctx context.Context, classes int) (imagesRow, error) {
	c := s.config()
	c.Classes = classes
	if !s.pyramid {
		c.Net.Width, c.Steps = 32, 4
	}
	steps, err := s.stepsWithin(c, s.cpu)
	if err != nil {
		return imagesRow{}, err
	}
	fmt.Printf("%s: %d steps in %.0f seconds of processor time\n", s.data, steps, s.cpu)
	of := *s
	of.steps = steps
	f, err := of.fit(ctx, c, s.train)
	f.row.Model, f.row.CPU = s.name(), f.cpu
	if err == nil && classes > 0 {
		f.row.Model += givenDigit
		err = of.judgeClasses(&f)
	}
	return f.row, err
}

// stepsWithin times a few steps of a training.
func (s *imagesSplit) stepsWithin(c imageflow.Config, seconds float64) (int, error) {
	const first, few = 5, 20 // the first compile too
	b, err := backend.Open("")
	if err != nil {
		return 0, err
	}
	m, err := c.NewModel(b)
	if err != nil {
		return 0, err
	}
	training := s.training()
	training.Steps, training.EvalEvery, training.WarmUp = first+few, first, 0
	stepper, err := fit.NewStepper(m, s.valid.Dequantized(1, c.Classes, s.seed), training)
	if err != nil {
		return 0, err
	}
	begin := bench.CPUTime()
	if _, err := stepper.Advance(first); err != nil {
		return 0, err
	}
	start := bench.CPUTime()
	if _, err := stepper.Advance(few); err != nil {
		return 0, err
	}
	end := bench.CPUTime()
	step := (end - start).Seconds() / few
	// A validation of four noises for each picture costs a third of as many pictures trained on.
	validation := 4 * float64(s.valid.Len()) / float64(training.BatchSize) / 3 / float64(s.evalEvery)
	return max(1, int((seconds-(start-begin).Seconds())/(step*(1+validation)))), nil
}
