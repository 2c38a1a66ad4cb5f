package table

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"testing"

	"github.com/parquet-go/parquet-go/format"

	"normflow/internal/memory/memorytest"
)

// FuzzPages feeds what pages hold once they are unpacked to every encoding, where a
// mutation of a file would break its checksum, its packing or its metadata. What comes
// out is as much as was promised, or an error; twice the same, and nothing of the page
// before shines through.
func FuzzPages(f *testing.F) {
	texts := []byte{1, 0, 0, 0, 'a', 2, 0, 0, 0, 'b', 'c'}
	deltas := []byte{128, 1, 4, 3, 2, 4, 2, 0, 0, 0, 0xe4, 0, 0, 0, 0, 0, 0, 0} // 1, and two differences
	for encoding := range byte(10) {
		for physical := range byte(8) {
			f.Add(physical, encoding, byte(8), true, uint16(3), []byte{6, 1}, texts, bytes.Repeat([]byte{3, 0x24}, 20))
			f.Add(physical, encoding, byte(4), false, uint16(3), []byte{}, texts, deltas)
			f.Add(physical, encoding, byte(2), false, uint16(2), []byte{}, make([]byte, 64), texts)
			f.Add(physical, encoding, byte(16), true, uint16(700), []byte{3, 0x55, 0xf4, 10, 1}, make([]byte, 64), append(deltas, deltas...))
		}
	}
	f.Fuzz(func(t *testing.T, physical, encoding, width byte, optional bool, n uint16, levels, dictionary, data []byte) {
		defer memorytest.Watch(t, 16<<20+500*(len(levels)+len(dictionary)+len(data)))()
		l := leaf{physical: format.Type(physical % 8), optional: optional}
		if l.width = widths[l.physical]; l.physical == format.FixedLenByteArray {
			l.width = int(width) + 1
		}
		if l.physical == format.Int96 {
			l.meaning, l.unit = timestamp, 1e9
		}
		page := func(before byte) (all []byte, err error) {
			defer guard(&err, "Parquet")
			p := parquetColumn{leaf: l, keep: true, room: &allowance{most: 8 << 20}}
			p.levels, p.places = bytes.Repeat([]byte{before}, 5000), []int32{7, 7, 7}
			p.values = values{own: bytes.Repeat([]byte{before}, 5000), i32: slices.Repeat([]int32{int32(before)}, 5000), i64: slices.Repeat([]int64{int64(before)}, 5000)}
			if p.dictionary.decode(p.room, &p.leaf, format.Plain, bytes.Clone(dictionary), int(width%16)) != nil {
				p.dictionary.n = 0
			}
			p.texts = make([]string, p.dictionary.n)
			if err := p.decode(format.Encoding(encoding%10), levels, bytes.Clone(data), int(n), -1); err != nil {
				return nil, err
			}
			for range p.n {
				value, present := p.next()
				if l.physical != format.ByteArray && l.physical != format.FixedLenByteArray {
					all = binary.LittleEndian.AppendUint64(all, math.Float64bits(p.number(value, present)))
				}
				all = append(all, p.text(value, present)...)
			}
			if p.left() != 0 {
				t.Fatalf("%d values are left of %d", p.left(), n)
			}
			return all, nil
		}
		once, err := page(0)
		again, errAgain := page(0x5a)
		if !bytes.Equal(once, again) || (err == nil) != (errAgain == nil) {
			t.Fatalf("got %x, %v, then %x, %v", once, err, again, errAgain)
		}
	})
}
