package byhand

// Dense is one layer of a conditioner, for a batch of rows h:
//
//	out = h·W + b,   out_ij = Σ_p h_ip·W_pj + b_j
type Dense[T Float] struct {
	In, Out int
	W       []T // [In, Out], row by row
	B       []T // [Out]
}

// forward sets out, [B, Out], from h, [B, In].
func (l *Dense[T]) forward(out, h *matrix[T], multiply Product[T]) {
	out.setProduct(h, l.weights(), multiply)
	for i := range out.rows {
		add(out.row(i), l.B)
	}
}

// backward turns dOut = ∂L/∂out, [B, Out], into dH = ∂L/∂h, [B, In], and adds the
// derivatives by the layer's own numbers to gradient. h is what forward was given.
//
// W_pj enters out_ij of every row i, with the factor h_ip; b_j enters with the
// factor 1; h_ip enters out_ij of every column j, with the factor W_pj. Hence
//
//	∂L/∂W_pj = Σ_i h_ip·dOut_ij,   ∂L/∂W = hᵀ·dOut
//	∂L/∂b_j  = Σ_i dOut_ij
//	∂L/∂h_ip = Σ_j dOut_ij·W_pj,   ∂L/∂h = dOut·Wᵀ
func (l *Dense[T]) backward(gradient *Dense[T], dH, dOut, h *matrix[T], s *scratch[T], multiply Product[T]) {
	s.transposed.setTranspose(h)
	s.dW.setProduct(&s.transposed, dOut, multiply)
	add(gradient.W, s.dW.data)

	for i := range dOut.rows {
		add(gradient.B, dOut.row(i))
	}

	s.transposed.setTranspose(l.weights())
	dH.setProduct(dOut, &s.transposed, multiply)
}

// weights is W as a matrix that shares its memory.
func (l *Dense[T]) weights() *matrix[T] { return &matrix[T]{l.In, l.Out, l.W} }

func add[T Float](sum, v []T) {
	for i := range sum {
		sum[i] += v[i]
	}
}
