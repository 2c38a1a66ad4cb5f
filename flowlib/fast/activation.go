package fast

import "math"

// activation computes what hidden layers do to each number, and the slope, from the
// numbers before and after.
type activation struct {
	of    func(v float32) float32
	slope func(before, after float32) float32
}

// activations are all but relu, which the products of package kernel include.
var activations = map[string]*activation{
	"tanh": {
		func(v float32) float32 { return float32(math.Tanh(float64(v))) },
		func(_, after float32) float32 { return 1 - after*after },
	},
	"sigmoid": {
		sigmoid,
		func(_, after float32) float32 { return after * (1 - after) },
	},
	"silu": { // v·σ(v)
		func(v float32) float32 { return v * sigmoid(v) },
		func(v, _ float32) float32 {
			s := sigmoid(v)
			return s * (1 + v*(1-s))
		},
	},
	"gelu": { // v·Φ(v)
		func(v float32) float32 { return v * normalCDF(v) },
		func(v, _ float32) float32 {
			return normalCDF(v) + v*float32(math.Exp(-0.5*float64(v)*float64(v))/math.Sqrt(2*math.Pi))
		},
	},
	"leaky_relu": {
		func(v float32) float32 { return max(v, leak*v) },
		func(v, _ float32) float32 {
			if v > 0 {
				return 1
			}
			return leak
		},
	},
}

// leak is the slope of GoMLX's leaky ReLU below zero.
const leak = 0.3

func sigmoid(v float32) float32 { return float32(1 / (1 + math.Exp(-float64(v)))) }

func normalCDF(v float32) float32 { return float32(0.5 * math.Erfc(-float64(v)/math.Sqrt2)) }
