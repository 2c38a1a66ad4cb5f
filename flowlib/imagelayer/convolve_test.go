package imagelayer

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"normflow/flowlib/backend/backendtest"
)

// convolved is the convolution by its definition; beyond its edges an image is 0.
func convolved(v, weights []float64, images, height, width, size, inputs, outputs int) []float64 {
	out := make([]float64, images*height*width*outputs)
	for to := range out {
		o, column, row, image := to%outputs, to/outputs%width, to/outputs/width%height, to/outputs/width/height
		for at := range size * size * inputs {
			i, c, r := at%inputs, column+at/inputs%size-size/2, row+at/inputs/size-size/2
			if r >= 0 && r < height && c >= 0 && c < width {
				out[to] += v[((image*height+r)*width+c)*inputs+i] * weights[at*outputs+o]
			}
		}
	}
	return out
}

// However an image is convolved, and however small it is, it is the same convolution.
func TestConvolutions(t *testing.T) {
	const images, inputs, outputs = 2, 3, 2
	rng := rand.New(rand.NewPCG(1, 2))
	random := func(n int) []float64 {
		v := make([]float64, n)
		for i := range v {
			v[i] = rng.NormFloat64()
		}
		return v
	}
	for name, convolve := range map[string]func(v, weights *Node) *Node{"product": asProduct, "one product": asOneProduct, "XLA": asXLA} {
		for _, of := range [][3]int{{1, 1, 3}, {2, 1, 3}, {2, 2, 3}, {2, 4, 3}, {3, 3, 3}, {4, 4, 3}, {4, 6, 3}, {3, 2, 1}, {3, 4, 5}, {7, 6, 5}} {
			height, width, size := of[0], of[1], of[2]
			v, weights := random(images*height*width*inputs), random(size*size*inputs*outputs)
			exec := MustNewExec(backendtest.Open(t), convolve)
			found := exec.MustCall1(
				tensors.FromFlatDataAndDimensions(v, images, height, width, inputs), tensors.FromFlatDataAndDimensions(weights, size, size, inputs, outputs))
			worst := 0.0
			tensors.MustConstFlatData(found, func(flat []float64) {
				for i, want := range convolved(v, weights, images, height, width, size, inputs, outputs) {
					worst = max(worst, math.Abs(flat[i]-want))
				}
			})
			if shape := fmt.Sprint(found.Shape().Dimensions); !(worst < 1e-12) || shape != fmt.Sprint([]int{images, height, width, outputs}) {
				t.Errorf("%s of %d×%d pixels by windows of %d: off by %.1e, of shape %s", name, height, width, size, worst, shape)
			}
		}
	}
}
