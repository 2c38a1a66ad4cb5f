package byhand

// relu replaces h by max(h, 0); NaN stays NaN.
func relu[T Float](h *matrix[T]) {
	for i, v := range h.data {
		h.data[i] = max(v, 0)
	}
}

// reluBackward replaces ∂L/∂relu(a) by ∂L/∂a:
//
//	relu′(a) = 1 where a > 0, else 0
//
// h = relu(a) is positive exactly where a is. Multiplying by 0 or 1 avoids a branch,
// which would be mispredicted half of the time.
func reluBackward[T Float](dH, h *matrix[T]) {
	dA := dH.data[:len(h.data)]
	for i, v := range h.data {
		slope := 1
		if v <= 0 {
			slope = 0
		}
		dA[i] *= T(slope)
	}
}
