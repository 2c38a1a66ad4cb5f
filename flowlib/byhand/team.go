package byhand

import "sync"

// Team is a group of [Backprop]s that share the rows of each batch, one goroutine each: a
// gradient is a sum over rows, in whatever parts.
type Team[T Float] []*Backprop[T]

// NewTeam returns a team of the given size, at least 1, for f. See [NewBackprop].
func NewTeam[T Float](f *Flow[T], members int) Team[T] {
	team := make(Team[T], members)
	for i := range team {
		team[i] = NewBackprop(f)
	}
	return team
}

// Gradient is [Backprop.Gradient], up to rounding.
func (t Team[T]) Gradient(x []T) (nll float64, gradient *Flow[T]) {
	f := t[0].flow
	rows, nlls := f.rows(x), make([]float64, len(t))
	var wait sync.WaitGroup
	for i, member := range t {
		from, to := i*rows/len(t), (i+1)*rows/len(t)
		wait.Go(func() { nlls[i] = member.part(x[from*f.Features:to*f.Features], rows) })
	}
	wait.Wait()

	sum := t[0].gradient.Params()
	for _, member := range t[1:] {
		for j, part := range member.gradient.Params() {
			add(sum[j], part)
		}
	}
	for _, part := range nlls {
		nll += part
	}
	return nll / float64(rows), t[0].gradient
}

func add[T Float](sum, v []T) {
	for i := range sum {
		sum[i] += v[i]
	}
}
