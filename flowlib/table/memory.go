package table

import (
	"fmt"
	"unsafe"

	"normflow/internal/memory"
)

// allowance is the memory, in bytes, that reading one file may hold at a time.
type allowance struct {
	used, most int64
	size       int64 // of the file
	remedies   []Remedy
}

// allowanceFor returns what a reader of the file may hold: no more than its size
// justifies, since a few bytes can claim to unpack to gigabytes, and no more than the run
// may.
func allowanceFor(in *input, o Options, remedy string) *allowance {
	a := &allowance{most: 96<<20 + 64*in.size, size: in.size, remedies: []Remedy{{Do: remedy}}}
	if budget := memory.Budget(o.Memory); budget < a.most {
		a.most, a.remedies = budget, append(a.remedies, letMore)
	}
	return a
}

var letMore = Remedy{"let the run hold more", OptionMemory, nil}

// take accounts for n more bytes.
func (a *allowance) take(n int64) error {
	if n > a.most-a.used {
		return &Error{Problem: fmt.Sprintf("takes more than %s of memory to read, of a file of %s", memory.Text(a.most), memory.Text(a.size)), Remedies: a.remedies}
	}
	a.used += n
	return nil
}

// sized returns b with length n, reallocated if it is too short.
func sized[T any](a *allowance, b []T, n int) ([]T, error) {
	if cap(b) >= n {
		return b[:n], nil
	}
	var one T
	if err := a.take(int64(n-cap(b)) * int64(unsafe.Sizeof(one))); err != nil {
		return nil, err
	}
	return make([]T, n), nil
}
