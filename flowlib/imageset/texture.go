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
type Texture struct {
	Height, Width int // at least 1
	Levels        int // 5 to 256
}

// steps holds P(e) of e = -2 to 2.
var steps = [5]float64{0.05, 0.2, 0.5, 0.2, 0.05}

// Entropy returns the entropy of a picture in nats.
func (t Texture) Entropy() float64 {
	h := 0.0
	for _, p := range steps {
		h -= p * math.Log(p)
	}
	return math.Log(float64(t.Levels)) + float64(t.Height*t.Width-1)*h
}

// Draw draws count pictures.
func (t Texture) Draw(seed int64, count int) *Set {
	s := &Set{Shape: imagelayer.Shape{Height: t.Height, Width: t.Width, Channels: 1}, Levels: t.Levels}
	rng := rand.New(rand.NewPCG(uint64(seed), 0x7e87))
	for range count {
		picture := make([]byte, t.Height*t.Width)
		for i := range picture {
			if i == 0 {
				picture[i] = byte(rng.IntN(t.Levels))
				continue
			}
			e, u := -2, rng.Float64()
			for e < 2 && u >= steps[e+2] {
				u -= steps[e+2]
				e++
			}
			picture[i] = byte((t.suggestion(picture, i) + e + t.Levels) % t.Levels)
		}
		s.Pixels = append(s.Pixels, picture...)
	}
	return s
}

// LogProb returns the log-probability of a picture in nats, -Inf if it cannot be drawn.
func (t Texture) LogProb(picture []byte) float64 {
	logProb := -math.Log(float64(t.Levels))
	for i := 1; i < len(picture); i++ {
		e := (int(picture[i]) - t.suggestion(picture, i) + t.Levels + 2) % t.Levels
		if e >= len(steps) {
			return math.Inf(-1)
		}
		logProb += math.Log(steps[e])
	}
	return logProb
}

// suggestion is what the pixels before i, i > 0, say about it.
func (t Texture) suggestion(picture []byte, i int) int {
	switch {
	case i < t.Width:
		return int(picture[i-1])
	case i%t.Width == 0:
		return int(picture[i-t.Width])
	}
	return (int(picture[i-1]) + int(picture[i-t.Width])) / 2
}
