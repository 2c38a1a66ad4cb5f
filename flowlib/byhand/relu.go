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
// h = relu(a) tells where: it is positive exactly where a is.
func reluBackward[T Float](dH, h *matrix[T]) {
	for i, v := range h.data {
		if v <= 0 {
			dH.data[i] = 0
		}
	}
}
