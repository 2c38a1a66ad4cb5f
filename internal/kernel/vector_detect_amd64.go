package kernel

import "golang.org/x/sys/cpu"

func vectorSets() (sets []*Set) {
	hasAVX2 := cpu.X86.HasAVX2 && cpu.X86.HasFMA
	if hasAVX2 && cpu.X86.HasAVX512F {
		sets = append(sets, &Set{Name: "avx512", vector: &avx512})
	}
	if hasAVX2 {
		sets = append(sets, &Set{Name: "avx2", vector: &avx2})
	}
	return sets
}

type productFunc = func(out, w, in, bias, mask *float32, m, k, ldOut, ldIn, wi, wk, mode int)

var avx512 = vector{
	widths:          []int{64, 32, 16},
	products:        []productFunc{productAVX512x64, productAVX512x32, productAVX512x16},
	dots:            dotsAVX512,
	transpose:       transposeAVX512,
	affineForward:   affineForwardAVX512,
	affineInverse:   affineInverseAVX512,
	affineBackward:  affineBackwardAVX512,
	clip:            clipAVX512,
	clipBackward:    clipBackwardAVX512,
	adam:            adamAVX512,
	add:             addAVX512,
	sumSquares:      sumSquaresAVX512,
	addSquares:      addSquaresAVX512,
	pull:            pullAVX512,
	softmax:         softmaxAVX512,
	softmaxBackward: softmaxBackwardAVX512,
	splinePickX:     splinePickXAVX512,
	splinePickY:     splinePickYAVX512,
	splineInverse:   splineInverseAVX512,
	splineForward:   splineForwardAVX512,
	splineBackward:  splineBackwardAVX512,
	splineScatter:   splineScatterAVX512,
	peak:            peakAVX512,
}

var avx2 = vector{
	widths:          []int{16, 8},
	products:        []productFunc{productAVX2x16, productAVX2x8},
	dots:            dotsAVX2,
	transpose:       transposeAVX2,
	affineForward:   affineForwardAVX2,
	affineInverse:   affineInverseAVX2,
	affineBackward:  affineBackwardAVX2,
	clip:            clipAVX2,
	clipBackward:    clipBackwardAVX2,
	adam:            adamAVX2,
	add:             addAVX2,
	sumSquares:      sumSquaresAVX2,
	addSquares:      addSquaresAVX2,
	pull:            pullAVX2,
	softmax:         softmaxAVX2,
	softmaxBackward: softmaxBackwardAVX2,
	splinePickX:     splinePickXAVX2,
	splinePickY:     splinePickYAVX2,
	splineInverse:   splineInverseAVX2,
	splineForward:   splineForwardAVX2,
	splineBackward:  splineBackwardAVX2,
	splineScatter:   splineScatterAVX2,
	peak:            peakAVX2,
}
