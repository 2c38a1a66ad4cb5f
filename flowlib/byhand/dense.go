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
	out.resize(h.rows, l.Out)
	for i := range out.rows {
		copy(out.row(i), l.B)
	}
	multiply(out.data, h.data, l.W, h.rows, l.In, l.Out, false, false)
}

// backward turns dOut = ∂L/∂out, [B, Out], into dH = ∂L/∂h, [B, In], and adds the
// derivatives by the layer's own numbers to gradient. h is the input of forward, and ones
// a column of B ones.
//
// W_pj enters out_ij of every row i, with the factor h_ip; b_j enters with the factor 1;
// h_ip enters out_ij of every column j, with the factor W_pj. Hence
//
//	∂L/∂W_pj = Σ_i h_ip·dOut_ij,   ∂L/∂W = hᵀ·dOut
//	∂L/∂b_j  = Σ_i dOut_ij,        ∂L/∂b = 1ᵀ·dOut
//	∂L/∂h_ip = Σ_j dOut_ij·W_pj,   ∂L/∂h = dOut·Wᵀ
func (l *Dense[T]) backward(gradient *Dense[T], dH, dOut, h *matrix[T], ones []T, multiply Product[T]) {
	const transposed = true
	rows := dOut.rows
	multiply(gradient.W, h.data, dOut.data, l.In, rows, l.Out, transposed, false)
	multiply(gradient.B, ones[:rows], dOut.data, 1, rows, l.Out, false, false)

	dH.resize(rows, l.In)
	clear(dH.data)
	multiply(dH.data, dOut.data, l.W, rows, l.Out, l.In, false, transposed)
}
