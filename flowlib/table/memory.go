package table

import (
	"fmt"
	"unsafe"

	"normflow/internal/memory"
)

// allowance is the memory that reading one file may hold at a time, in bytes.
type allowance struct {
	used, most int64
	size       int64 // of the file
}

// allowanceFor is what a reader of the file may hold: what its size warrants, since a few
// bytes can claim to unpack to gigabytes, and no more than a run may.
func allowanceFor(in *input, o Options) *allowance {
	return &allowance{most: min(memory.Budget(o.Memory), 192<<20+64*in.size), size: in.size}
}

// take says that n bytes more are held.
func (a *allowance) take(n int64) error {
	if n > a.most-a.used {
		return fmt.Errorf("takes more than %s of memory to read, of a file of %s: write smaller row groups, or raise --memory", memory.Text(a.most), memory.Text(a.size))
	}
	a.used += n
	return nil
}

// sized returns b with length n, made anew where it is too short.
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
