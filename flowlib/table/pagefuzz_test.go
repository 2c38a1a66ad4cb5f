package table

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"testing"

	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/format"

	"normflow/internal/memory/memorytest"
)

// FuzzPages feeds what pages hold once they are unpacked to every encoding, where a
// mutation of a file would break its checksum, its packing or its metadata. What comes
// out is as much as was promised, or an error; twice the same, and nothing of the page
// before shines through.
func FuzzPages(f *testing.F) {
	ends := []uint32{0, 4, 8, 12}
	three := []byte("abcdabxyzzzz")
	texts := []byte("\x04\x00\x00\x00abcd\x04\x00\x00\x00abxy\x04\x00\x00\x00zzzz and more than is needed")
	runs := []byte{3, 0b101, 0, 0, 0, 0, 0, 0}
	for _, seed := range []struct {
		physical format.Type
		encoding format.Encoding
		data     []byte
	}{
		{format.ByteArray, format.Plain, texts},
		{format.Int32, format.Plain, texts}, {format.Int64, format.Plain, texts}, {format.Int96, format.Plain, bytes.Repeat(texts, 2)},
		{format.Double, format.Plain, texts}, {format.Float, format.Plain, texts}, {format.FixedLenByteArray, format.Plain, texts},
		{format.Boolean, format.Plain, runs},
		{format.Boolean, format.RLE, []byte{2, 0, 0, 0, 3, 0b101}},
		{format.Double, format.ByteStreamSplit, texts[:24]}, {format.Float, format.ByteStreamSplit, three}, {format.FixedLenByteArray, format.ByteStreamSplit, three},
		{format.Int32, format.DeltaBinaryPacked, must(new(delta.BinaryPackedEncoding).EncodeInt32(nil, []int32{5, -7, 1 << 30}))},
		{format.Int64, format.DeltaBinaryPacked, must(new(delta.BinaryPackedEncoding).EncodeInt64(nil, []int64{5, -7, 1 << 60}))},
		{format.ByteArray, format.DeltaLengthByteArray, must(new(delta.LengthByteArrayEncoding).EncodeByteArray(nil, three, ends))},
		{format.ByteArray, format.DeltaByteArray, must(new(delta.ByteArrayEncoding).EncodeByteArray(nil, three, ends))},
		{format.FixedLenByteArray, format.DeltaByteArray, must(new(delta.ByteArrayEncoding).EncodeFixedLenByteArray(nil, three, 4))},
		{format.ByteArray, format.RLEDictionary, []byte{2, 3, 0b100100, 0}}, {format.Int64, format.RLEDictionary, []byte{1, 6, 0}},
	} {
		f.Add(byte(seed.physical), byte(seed.encoding), byte(3), false, uint16(3), []byte{}, texts, seed.data)
		f.Add(byte(seed.physical), byte(seed.encoding), byte(3), true, uint16(6), []byte{3, 0b101010}, texts, seed.data)
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
