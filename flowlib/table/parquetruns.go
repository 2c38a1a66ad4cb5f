package table

import (
	"encoding/binary"
	"math/bits"
)

// mostFill is more than a last group of any writer needs to be full.
const mostFill = 1 << 12

// countRuns walks over the hybrid of runs and bit-packed groups of eight in b,
// which must hold n values of a width in bits, but for what fills the last
// group; of one bit, it returns how many of the n are 1: as levels, the values that are
// not null. The decoder must be given the bytes it returns and no more: it would go on,
// and of a run of none it takes the value for the next run's length.
func countRuns(all []byte, width, n int) (ones int, used []byte, err error) {
	total, b := 0, all
	for total < n {
		header, k := binary.Uvarint(b)
		if k <= 0 {
			return 0, nil, errBrokenPage
		}
		b = b[k:]
		count := header >> 1
		if count == 0 || count > mostPageValues {
			return 0, nil, errBrokenPage
		}
		length := (width + 7) / 8
		if header&1 != 0 {
			length = int(count) * width
			count *= 8
		}
		if length > len(b) {
			return 0, nil, errBrokenPage
		}
		if width == 1 && header&1 != 0 {
			for i := range min(int(count), n-min(n, total)) {
				ones += int(b[i/8] >> (i % 8) & 1)
			}
		} else if width == 1 {
			ones += min(int(count), n-min(n, total)) * bits.OnesCount8(b[0]&1)
		}
		b = b[length:]
		if total += int(count); total > n+mostFill {
			return 0, nil, errBrokenPage
		}
	}
	return ones, all[:len(all)-len(b)], nil
}

// deltaLength walks over numbers packed as differences, of at most so many bits, at the
// start of b, which must be n of them, and returns how many bytes they take.
// Source: https://parquet.apache.org/docs/file-format/data-pages/encodings/.
func deltaLength(b []byte, n, width int) (int, error) {
	at := 0
	varint := func() uint64 {
		v, k := binary.Uvarint(b[at:])
		if k <= 0 {
			at = len(b) + 1
			return 0
		}
		at += k
		return v
	}
	fields := [4]uint64{}
	for i := range fields {
		if fields[i] = varint(); at > len(b) {
			return 0, errBrokenPage
		}
	}
	block, minis, total := fields[0], fields[1], fields[2]
	if block == 0 || block > 1<<16 || minis == 0 || block%minis != 0 || block/minis%8 != 0 || total != uint64(n) {
		return 0, errBrokenPage
	}
	each := int(block / minis)
	for left := n - 1; left > 0; {
		varint()
		if at > len(b) || int(minis) > len(b)-at {
			return 0, errBrokenPage
		}
		widths := b[at : at+int(minis)]
		at += int(minis)
		for _, w := range widths {
			if left <= 0 {
				break
			}
			if int(w) > width || each/8*int(w) > len(b)-at {
				return 0, errBrokenPage
			}
			at += each / 8 * int(w)
			left -= each
		}
	}
	return at, nil
}
