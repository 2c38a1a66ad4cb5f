package main

import (
	"context"
	"math"

	"normflow/flowlib/dataset"
	"normflow/flowlib/gmm"
	"normflow/flowlib/imageflow"
	"normflow/flowlib/imageset"
)

// score judges a model of pictures without classes.
func (s *imagesSplit) score(name string, model interface {
	LogProb(rows [][]float64) ([]float64, error)
}) (imagesRow, error) {
	bits, err := imageflow.Score(model, s.test, 0, imagesDraws, s.seed)
	return imagesRow{Data: s.data, Model: name, Bits: bits, Train: s.train.Len(), Test: s.test.Len()}, err
}

// logProbs is a density of rows.
type logProbs func(row []float64) float64

func (f logProbs) LogProb(rows [][]float64) ([]float64, error) {
	out := make([]float64, len(rows))
	for i, row := range rows {
		out[i] = f(row)
	}
	return out, nil
}

func (s *imagesSplit) histograms(context.Context) (imagesRow, error) {
	h := imageset.NewHistogram(s.train)
	picture := make([]byte, s.train.Shape.Features())
	return s.score("histogram per pixel", logProbs(func(row []float64) float64 {
		for j, v := range row {
			picture[j] = byte(v)
		}
		return h.LogProb(picture)
	}))
}

// noisy is what the continuous models are fitted to.
func (s *imagesSplit) noisy() [][]float64 { return s.train.Dequantized(1, 0, s.seed) }

func (s *imagesSplit) gaussian(context.Context) (imagesRow, error) {
	whiten, err := dataset.NewWhitener(s.noisy())
	if err != nil {
		return imagesRow{}, err
	}
	z := make([]float64, s.train.Shape.Features())
	return s.score("Gaussian", logProbs(func(row []float64) float64 {
		whiten.Apply(z, row)
		sum := whiten.LogDet()
		for _, v := range z {
			sum -= 0.5*v*v + 0.5*math.Log(2*math.Pi)
		}
		return sum
	}))
}

func (s *imagesSplit) mixture(context.Context) (imagesRow, error) {
	m, err := gmm.Choose(s.noisy(), nil, s.seed)
	if err != nil {
		return imagesRow{}, err
	}
	return s.score("mixture of Gaussians", mixtureScorer{m})
}

type mixtureScorer struct{ *gmm.Mixture }

func (m mixtureScorer) LogProb(rows [][]float64) ([]float64, error) {
	out := make([]float64, len(rows))
	m.Mixture.LogProb(out, rows)
	return out, nil
}
