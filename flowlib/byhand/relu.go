package byhand

// relu replaces h by max(h, 0); a NaN stays one.
func relu[T Float](h *matrix[T]) {
	for i, v := range h.data {
		h.data[i] = max(v, 0)
	}
}

// reluBackward replaces ∂L/∂relu(a) by ∂L/∂a:
//
//	relu′(a) = 1 where a > 0, else 0
//
// h = relu(a) tells where: it is positive exactly where a is. The product with 0 or
// 1 takes no branch, which half of the time would go the other way than expected.
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
