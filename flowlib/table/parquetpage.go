package table

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
	"github.com/pierrec/lz4/v4"
)

// pageChecker looks at every page of a column before the library decodes it.
// The library trusts what a page says: a few bytes that claim 2³¹ repeats, or
// that unpack without end, take gigabytes, and a page that is too short is
// filled up with what was in memory before. Unpacking twice is the price.
type pageChecker struct {
	at       io.ReaderAt
	physical format.Type
	optional bool

	packed, unpacked []byte
	zstd             *zstd.Decoder
}

const (
	mostPageBytes  = 64 << 20 // of a page, unpacked; writers make pages of about 1 MiB
	mostPageValues = 4 << 20
	mostPageHeader = 64 << 10

	plainDictionary format.Encoding = 2 // its older name for RLEDictionary and, in a dictionary, Plain
)

// column checks the pages of a column in one row group of so many rows.
func (p *pageChecker) column(m *format.ColumnMetaData, rows int64) error {
	start := chunkStart(m)
	end := start + m.TotalCompressedSize
	values := int64(0)
	for offset := start; offset < end; {
		h, length, err := p.header(offset, end)
		if err != nil {
			return err
		}
		offset += int64(length)
		packed, unpacked := int64(h.CompressedPageSize), int64(h.UncompressedPageSize)
		if packed < 0 || packed > end-offset || unpacked < 0 {
			return errBrokenParquet
		}
		if unpacked > mostPageBytes || unpacked > 1<<20+1000*packed {
			return fmt.Errorf("a page of %d bytes unpacks to %d, expected at most %d: write smaller row groups", packed, unpacked, mostPageBytes)
		}
		p.packed = sized(p.packed, int(packed))
		if _, err := p.at.ReadAt(p.packed, offset); err != nil {
			return err
		}
		offset += packed
		n, err := p.page(m.Codec, h, int(unpacked))
		if err != nil {
			return err
		}
		values += n
	}
	if values != rows {
		return fmt.Errorf("its pages hold %d values, expected %d: the file is broken; make it anew", values, rows)
	}
	return nil
}

// header decodes the header of the page at offset.
func (p *pageChecker) header(offset, end int64) (h *format.PageHeader, length int, err error) {
	for size := int64(256); ; size *= 16 { // small, but for statistics of long texts
		window := make([]byte, min(size, end-offset))
		if _, err := p.at.ReadAt(window, offset); err != nil {
			return nil, 0, err
		}
		if length, err = checkThrift(window); err == nil {
			h = new(format.PageHeader)
			if err := thrift.Unmarshal(new(thrift.CompactProtocol), window[:length], h); err != nil {
				return nil, 0, errBrokenParquet
			}
			return h, length, nil
		}
		if size >= mostPageHeader || int64(len(window)) == end-offset {
			return nil, 0, errBrokenParquet
		}
	}
}

// page checks one page and returns how many rows it holds: none for a dictionary.
func (p *pageChecker) page(codec format.CompressionCodec, h *format.PageHeader, unpacked int) (int64, error) {
	switch {
	case h.Type == format.DictionaryPage && h.DictionaryPageHeader.Valid:
		data, err := p.unpack(codec, p.packed, unpacked)
		if e := h.DictionaryPageHeader.V.Encoding; err == nil && e != format.Plain && e != plainDictionary {
			err = errBrokenPage
		}
		if err == nil {
			err = p.values(format.Plain, data, int(h.DictionaryPageHeader.V.NumValues))
		}
		return 0, err
	case h.Type == format.DataPage && h.DataPageHeader.Valid:
		d := h.DataPageHeader.V
		n := int(d.NumValues)
		if n < 0 || n > mostPageValues {
			return 0, errPageValues(n)
		}
		data, err := p.unpack(codec, p.packed, unpacked)
		if err != nil {
			return 0, err
		}
		present := n
		if p.optional {
			if len(data) < 4 || d.DefinitionLevelEncoding != format.RLE {
				return 0, errBrokenPage
			}
			length := binary.LittleEndian.Uint32(data)
			if uint64(length) > uint64(len(data)-4) {
				return 0, errBrokenPage
			}
			if present, err = countRuns(data[4:4+length], 1, n); err != nil {
				return 0, err
			}
			data = data[4+length:]
		}
		return int64(n), p.values(d.Encoding, data, present)
	case h.Type == format.DataPageV2 && h.DataPageHeaderV2.Valid:
		d := h.DataPageHeaderV2.V
		n, length := int(d.NumValues), int(d.DefinitionLevelsByteLength)
		if n < 0 || n > mostPageValues {
			return 0, errPageValues(n)
		}
		if d.RepetitionLevelsByteLength != 0 || length < 0 || length > len(p.packed) || length > unpacked || p.optional != (length > 0) {
			return 0, errBrokenPage
		}
		present := n
		if p.optional {
			var err error
			if present, err = countRuns(p.packed[:length], 1, n); err != nil {
				return 0, err
			}
		}
		if int(d.NumNulls) != n-present {
			return 0, errBrokenPage
		}
		if d.IsCompressed.Valid && !d.IsCompressed.V {
			codec = format.Uncompressed
		}
		data, err := p.unpack(codec, p.packed[length:], unpacked-length)
		if err != nil {
			return 0, err
		}
		return int64(n), p.values(d.Encoding, data, present)
	}
	return 0, errBrokenPage
}

var errBrokenPage = errors.New("a page is broken: make the file anew")

func errPageValues(n int) error {
	return fmt.Errorf("a page of %d values, expected at most %d: write smaller row groups", n, mostPageValues)
}

// unpack unpacks b to exactly size bytes, and takes no more memory than that.
func (p *pageChecker) unpack(codec format.CompressionCodec, b []byte, size int) (data []byte, err error) {
	stream := func(r io.Reader) ([]byte, error) {
		n, err := io.ReadFull(r, p.unpacked)
		if err == nil || errors.Is(err, io.EOF) {
			var more [1]byte
			if k, e := io.ReadFull(r, more[:]); k > 0 || e != io.EOF {
				n, err = -1, errBrokenPage
			} else {
				err = nil
			}
		}
		return p.unpacked[:max(n, 0)], err
	}
	if codec != format.Uncompressed {
		p.unpacked = sized(p.unpacked, size)
	}
	switch codec {
	case format.Uncompressed:
		data = b
	case format.Snappy:
		if n, e := snappy.DecodedLen(b); e != nil || n != size {
			return nil, errBrokenPage
		}
		data, err = snappy.Decode(p.unpacked, b)
	case format.Gzip:
		var z *gzip.Reader
		if z, err = gzip.NewReader(bytes.NewReader(b)); err == nil {
			data, err = stream(z)
		}
	case format.Brotli:
		data, err = stream(brotli.NewReader(bytes.NewReader(b)))
	case format.Zstd:
		if p.zstd == nil {
			if p.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecodeAllCapLimit(true)); err != nil {
				return nil, err
			}
		}
		data, err = p.zstd.DecodeAll(b, p.unpacked[:0:size])
	case format.Lz4Raw:
		var n int
		n, err = lz4.UncompressBlock(b, p.unpacked)
		data = p.unpacked[:max(n, 0)]
	default:
		return nil, fmt.Errorf("is packed with %s: write the file with snappy, zstd or gzip", codec)
	}
	if err != nil || len(data) != size {
		return nil, errBrokenPage
	}
	return data, nil
}

// values checks that data holds n values, and claims to hold no more.
// Source: https://parquet.apache.org/docs/file-format/data-pages/encodings/.
func (p *pageChecker) values(encoding format.Encoding, data []byte, n int) error {
	size := map[format.Type]int{format.Int32: 4, format.Float: 4, format.Int64: 8, format.Double: 8}[p.physical]
	bad := false
	switch {
	case n < 0:
		bad = true
	case encoding == format.Plain && p.physical == format.ByteArray:
		for ; n > 0 && !bad; n-- {
			if bad = len(data) < 4; bad {
				break
			}
			length := uint64(binary.LittleEndian.Uint32(data))
			if bad = length > uint64(len(data)-4); !bad {
				data = data[4+length:]
			}
		}
	case encoding == format.Plain && p.physical == format.Boolean:
		bad = len(data) < (n+7)/8
	case encoding == format.Plain && size > 0:
		bad = len(data) < n*size // n is at most mostPageValues, or a dictionary's int32
	case encoding == format.ByteStreamSplit && size > 0:
		bad = len(data) != n*size
	case encoding == format.RLE && p.physical == format.Boolean:
		if bad = len(data) < 4 || uint64(binary.LittleEndian.Uint32(data)) > uint64(len(data)-4); !bad {
			_, err := countRuns(data[4:4+binary.LittleEndian.Uint32(data)], 1, n)
			bad = err != nil
		}
	case (encoding == format.RLEDictionary || encoding == plainDictionary) && n == 0:
	case encoding == format.RLEDictionary || encoding == plainDictionary:
		if bad = len(data) == 0 || data[0] > 32; !bad {
			_, err := countRuns(data[1:], int(data[0]), n)
			bad = err != nil
		}
	case encoding == format.DeltaBinaryPacked && (p.physical == format.Int32 || p.physical == format.Int64),
		encoding == format.DeltaLengthByteArray && p.physical == format.ByteArray: // starts with the lengths, packed so
		block, a := binary.Uvarint(data)
		mini, b := binary.Uvarint(data[max(a, 0):])
		total, c := binary.Uvarint(data[max(a, 0)+max(b, 0):])
		bad = a <= 0 || b <= 0 || c <= 0 || block > 1<<16 || mini == 0 || mini > block || total != uint64(n)
	default:
		return fmt.Errorf("has the encoding %s, which is not read here: write it without", encoding)
	}
	if bad {
		return errBrokenPage
	}
	return nil
}

// countRuns walks over the hybrid of runs and bit-packed groups of eight in b,
// which must hold n values of a width in bits, but for what fills the last
// group; of one bit, it returns how many of the n are 1: as levels, the values that are
// not null.
func countRuns(b []byte, width, n int) (ones int, err error) {
	const most = 1 << 12 // more than a last group of any writer needs
	total := 0
	for len(b) > 0 {
		header, k := binary.Uvarint(b)
		if k <= 0 {
			return 0, errBrokenPage
		}
		b = b[k:]
		count := header >> 1
		if count > mostPageValues {
			return 0, errBrokenPage
		}
		length := (width + 7) / 8
		if header&1 != 0 {
			length = int(count) * width
			count *= 8
		}
		if length > len(b) {
			return 0, errBrokenPage
		}
		if width == 1 && header&1 != 0 {
			for i := range min(int(count), n-min(n, total)) {
				ones += int(b[i/8] >> (i % 8) & 1)
			}
		} else if width == 1 {
			ones += min(int(count), n-min(n, total)) * bits.OnesCount8(b[0]&1)
		}
		b = b[length:]
		if total += int(count); total > n+most {
			return 0, errBrokenPage
		}
	}
	if total < n {
		return 0, errBrokenPage
	}
	return ones, nil
}

func sized(b []byte, n int) []byte {
	if cap(b) < n {
		b = make([]byte, n)
	}
	return b[:n]
}
