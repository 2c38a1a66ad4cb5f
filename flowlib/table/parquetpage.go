package table

import (
	"encoding/binary"
	"fmt"

	"github.com/parquet-go/parquet-go/encoding/bytestreamsplit"
	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/format"
)

// values are the decoded values of a page or a dictionary: n little-endian values of
// width bytes each, or, if width is 0, texts that are spans of data.
type values struct {
	n, width int
	data     []byte
	spans    []span
	longest  int // bytes of the longest text

	own []byte // buffer for data if it is not the page itself
	i32 []int32
	i64 []int64
}

// span is a half-open range of a text.
type span struct{ from, to uint32 }

func (v *values) at(i int) []byte {
	if v.width > 0 {
		return v.data[i*v.width : (i+1)*v.width]
	}
	return v.data[v.spans[i].from:v.spans[i].to]
}

// decode decodes n values from data, which must hold exactly n. The values may share
// memory with data. Source:
// https://parquet.apache.org/docs/file-format/data-pages/encodings/.
func (v *values) decode(room *allowance, l *leaf, encoding format.Encoding, data []byte, n int) (err error) {
	if n < 0 || n > mostPageValues {
		return errBrokenPage
	}
	v.n, v.width, v.data, v.longest = n, l.width, data, l.width
	size := n * l.width
	isInt := l.physical == format.Int32 || l.physical == format.Int64
	switch {
	case n == 0:
		v.spans = v.spans[:0]
		return nil
	case encoding == format.Plain && l.physical == format.ByteArray:
		err = v.plainTexts(room)
	case encoding == format.Plain && l.physical == format.Boolean:
		err = v.booleans(room, data)
	case encoding == format.Plain:
		if len(data) < size {
			err = errBrokenPage
		}
	case encoding == format.ByteStreamSplit && l.width > 1:
		if len(data) != size {
			return errBrokenPage
		}
		if v.own, err = sized(room, v.own, size); err == nil {
			v.own, err = new(bytestreamsplit.Encoding).DecodeFixedLenByteArray(v.own, data, l.width)
			v.data = v.own
		}
	case encoding == format.RLE && l.physical == format.Boolean:
		if len(data) < 4 || uint64(binary.LittleEndian.Uint32(data)) > uint64(len(data)-4) {
			return errBrokenPage
		}
		err = v.runs(room, data[4:][:binary.LittleEndian.Uint32(data)])
	case encoding == format.DeltaBinaryPacked && isInt:
		if _, err := deltaLength(data, n, 64); err != nil {
			return err
		}
		err = v.differences(room, data)
	case encoding == format.DeltaLengthByteArray && l.physical == format.ByteArray:
		err = v.lengthsFirst(room)
	case encoding == format.DeltaByteArray && (l.physical == format.ByteArray || l.physical == format.FixedLenByteArray):
		err = v.prefixes(room)
	default:
		return fmt.Errorf("has the encoding %s, which is not read here: write it without", encoding)
	}
	if err != nil {
		return err
	}
	if l.physical == format.ByteArray {
		v.longest = 0
		for _, s := range v.spans {
			v.longest = max(v.longest, int(s.to-s.from))
		}
		if l.meaning == decimal && v.longest > maxDecimal {
			return errBrokenPage
		}
	}
	return nil
}

// plainTexts finds texts that are each preceded by their length.
func (v *values) plainTexts(room *allowance) (err error) {
	if v.n > len(v.data)/4 {
		return errBrokenPage
	}
	if v.spans, err = sized(room, v.spans, v.n); err != nil {
		return err
	}
	at := 0
	for i := range v.spans {
		if len(v.data)-at < 4 {
			return errBrokenPage
		}
		length := int64(binary.LittleEndian.Uint32(v.data[at:]))
		if at += 4; length > int64(len(v.data)-at) {
			return errBrokenPage
		}
		v.spans[i] = span{uint32(at), uint32(at + int(length))}
		at += int(length)
	}
	return nil
}

// booleans expands each bit to a byte.
func (v *values) booleans(room *allowance, bits []byte) (err error) {
	if len(bits) < (v.n+7)/8 {
		return errBrokenPage
	}
	if v.own, err = sized(room, v.own, v.n); err != nil {
		return err
	}
	for i := range v.own {
		v.own[i] = bits[i/8] >> (i % 8) & 1
	}
	v.data = v.own
	return nil
}

func (v *values) runs(room *allowance, data []byte) (err error) {
	if _, data, err = countRuns(data, 1, v.n); err != nil {
		return err
	}
	if v.own, err = sized(room, v.own, v.n+mostFill); err != nil {
		return err
	}
	if v.own, err = (&rle.Encoding{BitWidth: 1}).DecodeLevels(v.own, data); err != nil || len(v.own) < v.n {
		return errBrokenPage
	}
	v.data = v.own
	for i, b := range v.own {
		v.own[i] = b & 1
	}
	return nil
}

// differences decodes integers packed as differences, whose structure has been checked.
// DuckDB packs those of 32 bits in up to 34; only their last 32 count.
func (v *values) differences(room *allowance, data []byte) (err error) {
	if v.own, err = sized(room, v.own, v.n*v.width); err != nil {
		return err
	}
	v.data = v.own
	if _, wide := deltaLength(data, v.n, 32); v.width == 4 && wide == nil {
		if err := v.int32s(room, data, v.n); err != nil {
			return err
		}
		for i, x := range v.i32 {
			binary.LittleEndian.PutUint32(v.own[4*i:], uint32(x))
		}
		return nil
	}
	if v.i64, err = sized(room, v.i64, v.n); err != nil {
		return err
	}
	if v.i64, err = new(delta.BinaryPackedEncoding).DecodeInt64(v.i64, data); err != nil || len(v.i64) != v.n {
		return errBrokenPage
	}
	for i, x := range v.i64 {
		if v.width == 4 {
			binary.LittleEndian.PutUint32(v.own[4*i:], uint32(x))
		} else {
			binary.LittleEndian.PutUint64(v.own[8*i:], uint64(x))
		}
	}
	return nil
}

func (v *values) int32s(room *allowance, data []byte, n int) (err error) {
	if v.i32, err = sized(room, v.i32, n); err != nil {
		return err
	}
	if v.i32, err = new(delta.BinaryPackedEncoding).DecodeInt32(v.i32, data); err != nil || len(v.i32) != n {
		return errBrokenPage
	}
	return nil
}

// lengthsFirst finds texts whose lengths precede all of them.
func (v *values) lengthsFirst(room *allowance) error {
	length, err := deltaLength(v.data, v.n, 32)
	if err != nil {
		return err
	}
	if err := v.int32s(room, v.data[:length], v.n); err != nil {
		return err
	}
	if v.spans, err = sized(room, v.spans, v.n); err != nil {
		return err
	}
	at := length
	for i, n := range v.i32 {
		if n < 0 || int(n) > len(v.data)-at {
			return errBrokenPage
		}
		v.spans[i] = span{uint32(at), uint32(at + int(n))}
		at += int(n)
	}
	return nil
}

// prefixes decodes texts that begin like the one before: lengths of the shared prefixes,
// lengths of the rest, then the rest of each. Values of fixed length may be stored like
// this too.
func (v *values) prefixes(room *allowance) error {
	head, err := deltaLength(v.data, v.n, 32)
	if err != nil {
		return err
	}
	if err := v.int32s(room, v.data[:head], v.n); err != nil {
		return err
	}
	prefix := v.i32
	v.i32 = nil
	tail := values{n: v.n, data: v.data[head:]}
	if err := tail.lengthsFirst(room); err != nil {
		return err
	}
	total, before := 0, 0
	for i, p := range prefix {
		if p < 0 || int(p) > before {
			return errBrokenPage
		}
		before = int(p) + len(tail.at(i))
		if v.width > 0 && before != v.width {
			return errBrokenPage
		}
		if total += before; total > mostPageBytes {
			return fmt.Errorf("a page of texts unpacks to more than %d bytes: write smaller row groups", mostPageBytes)
		}
	}
	if v.own, err = sized(room, v.own, total); err != nil {
		return err
	}
	if v.spans, err = sized(room, v.spans, v.n); err != nil {
		return err
	}
	at, last := 0, 0
	for i, p := range prefix {
		from := at
		at += copy(v.own[at:], v.own[last:last+int(p)])
		at += copy(v.own[at:], tail.at(i))
		v.spans[i] = span{uint32(from), uint32(at)}
		last = from
	}
	v.data = v.own
	return nil
}
