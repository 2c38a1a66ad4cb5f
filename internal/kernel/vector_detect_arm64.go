package kernel

// Every arm64 processor that Go runs on has NEON.
func vectorSets() []*Set { return []*Set{{Name: "neon", vector: &neon}} }

type productFunc = func(out, w, in, bias, mask *float32, m, k, ldOut, ldIn, wi, wk, mode int)

var neon = vector{
	widths:          []int{16},
	products:        []productFunc{productNEONx16},
	dots:            dotsNEON,
	transpose:       transposeNEON,
	affineForward:   affineForwardNEON,
	affineInverse:   affineInverseNEON,
	affineBackward:  affineBackwardNEON,
	clip:            clipNEON,
	clipBackward:    clipBackwardNEON,
	adam:            adamNEON,
	add:             addNEON,
	sumSquares:      sumSquaresNEON,
	addSquares:      addSquaresNEON,
	pull:            pullNEON,
	softmax:         softmaxNEON,
	softmaxBackward: softmaxBackwardNEON,
	splinePickX:     splinePickXNEON,
	splinePickY:     splinePickYNEON,
	splineInverse:   splineInverseNEON,
	splineForward:   splineForwardNEON,
	splineBackward:  splineBackwardNEON,
	splineScatter:   splineScatterNEON,
	peak:            peakNEON,
}
