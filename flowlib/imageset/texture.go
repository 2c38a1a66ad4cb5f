package imageset

import (
	"math"
	"math/rand/v2"

	"normflow/flowlib/imagelayer"
)

// Texture is a distribution of gray pictures whose entropy is known exactly. The first
// pixel is any level; every other is what its neighbors to the left and above suggest, the
// mean of the two rounded down, or the only one on an edge, plus a step e:
//
//	v = (suggestion + e) mod Levels,   P(e) = ½, ⅕, ⅕, 1/20, 1/20 for e = 0, ±1, ±2
//
// The step does not depend on the neighbors, so the entropy is ln Levels + (D-1)·H(e).
//
// With a Spread it is smooth, nearly a Gaussian field: P(e) is proportional to
// exp(-e²/2Spread²), up to six spreads, the first pixel is a step from the middle level,
// and the entropy is D·H(e).
type Texture struct {
	Height, Width int     // at least 1
	Levels        int     // 5 to 256, and at least 12·Spread+1
	Spread        float64 // in levels
}

// steps returns P(e) of e from -k to k.
func (t Texture) steps() []float64 {
	if t.Spread == 0 {
		return []float64{0.05, 0.2, 0.5, 0.2, 0.05}
	}
	k, total := int(6*t.Spread), 0.0
	steps := make([]float64, 2*k+1)
	for i := range steps {
		e := float64(i-k) / t.Spread
		steps[i] = math.Exp(-e * e / 2)
		total += steps[i]
	}
	for i := range steps {
		steps[i] /= total
	}
	return steps
}

// first returns the distribution of the first pixel, as steps from the middle level.
func (t Texture) first() []float64 {
	if t.Spread > 0 {
		return t.steps()
	}
	even := make([]float64, t.Levels)
	for i := range even {
		even[i] = 1 / float64(t.Levels)
	}
	return even
}

// Entropy returns the entropy of a picture in nats.
func (t Texture) Entropy() float64 {
	entropy := func(of []float64) (h float64) {
		for _, p := range of {
			h -= p * math.Log(p)
		}
		return h
	}
	return entropy(t.first()) + float64(t.Height*t.Width-1)*entropy(t.steps())
}

// Draw draws count pictures.
func (t Texture) Draw(seed int64, count int) *Set {
	s := &Set{Shape: imagelayer.Shape{Height: t.Height, Width: t.Width, Channels: 1}, Levels: t.Levels}
	rng := rand.New(rand.NewPCG(uint64(seed), 0x7e87))
	first, steps := t.first(), t.steps()
	for range count {
		picture := make([]byte, t.Height*t.Width)
		for i := range picture {
			of := steps
			if i == 0 {
				of = first
			}
			k, u := 0, rng.Float64()
			for k < len(of)-1 && u >= of[k] {
				u -= of[k]
				k++
			}
			picture[i] = byte((t.suggestion(picture, i) + k - len(of)/2 + t.Levels) % t.Levels)
		}
		s.Pixels = append(s.Pixels, picture...)
	}
	return s
}

// LogProb returns the log-probability of a picture in nats, -Inf if it cannot be drawn.
func (t Texture) LogProb(picture []byte) (logProb float64) {
	of, steps := t.first(), t.steps()
	for i, v := range picture {
		k := (int(v) - t.suggestion(picture, i) + len(of)/2 + t.Levels) % t.Levels
		if k >= len(of) {
			return math.Inf(-1)
		}
		logProb += math.Log(of[k])
		of = steps
	}
	return logProb
}

// suggestion is what the pixels before i say about it.
func (t Texture) suggestion(picture []byte, i int) int {
	switch {
	case i == 0:
		return t.Levels / 2
	case i < t.Width:
		return int(picture[i-1])
	case i%t.Width == 0:
		return int(picture[i-t.Width])
	}
	return (int(picture[i-1]) + int(picture[i-t.Width])) / 2
}
