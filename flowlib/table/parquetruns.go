package table

import (
	"encoding/binary"
	"math/bits"
)

// mostFill is more than any writer needs to fill up a last group.
const mostFill = 1 << 12

// countRuns walks over the hybrid of runs and bit-packed groups of eight in b, which must
// hold n values of the given width in bits, apart from the fill of the last group. For
// width 1 it returns how many of the n are 1: for levels, the values that are not null.
// The decoder must get exactly the bytes it returns: otherwise it continues into what
// follows, and reads the value of an empty run as the length of the next.
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

// deltaLength walks over numbers of at most width bits packed as differences at the start
// of b, which must be n, and returns how many bytes they take. Source:
// https://parquet.apache.org/docs/file-format/data-pages/encodings/.
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
