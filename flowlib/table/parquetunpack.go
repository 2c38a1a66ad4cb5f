package table

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/format"
	"github.com/pierrec/lz4/v4"
)

// unpack unpacks b to exactly len(data) bytes, and takes no more memory than that.
func unpack(codec format.CompressionCodec, b, data []byte) (err error) {
	n := 0
	stream := func(r io.Reader) {
		if n, err = io.ReadFull(r, data); err == nil || errors.Is(err, io.EOF) {
			err = nil
			var more [1]byte
			if k, e := io.ReadFull(r, more[:]); k > 0 || e != io.EOF {
				err = errBrokenPage
			}
		}
	}
	switch codec {
	case format.Uncompressed:
		n = copy(data, b)
		if len(b) != n {
			err = errBrokenPage
		}
	case format.Snappy:
		if length, e := snappy.DecodedLen(b); e != nil || length != len(data) {
			return errBrokenPage
		}
		var out []byte
		out, err = snappy.Decode(data, b)
		n = len(out)
	case format.Gzip:
		var z *gzip.Reader
		if z, err = gzip.NewReader(bytes.NewReader(b)); err == nil {
			stream(z)
		}
	case format.Brotli:
		brotliReader.Lock()
		defer brotliReader.Unlock()
		if brotliReader.in == nil {
			brotliReader.in = new(brotli.Reader)
		}
		if err = brotliReader.in.Reset(bytes.NewReader(b)); err == nil {
			stream(brotliReader.in)
		}
		if err != nil {
			brotliReader.in = nil // which may hold input that was not used
		}
	case format.Zstd:
		var z *zstd.Decoder
		if z, err = zstdDecoder(); err != nil {
			return err
		}
		var out []byte
		out, err = z.DecodeAll(b, data[:0:len(data)])
		n = len(out)
	case format.Lz4Raw:
		n, err = lz4.UncompressBlock(b, data)
	case lz4Hadoop:
		n, err = unpackHadoop(b, data)
	default:
		return fmt.Errorf("is packed with %s: write the file with snappy, zstd or gzip", codec)
	}
	if err != nil || n != len(data) {
		return errBrokenPage
	}
	return nil
}

// zstdDecoder is made once: it takes memory, and holds nothing between two pages.
var zstdDecoder = sync.OnceValues(func() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecodeAllCapLimit(true))
})

// brotliReader is kept, since the window of any page, however short, may take 16 MiB. All
// columns of all files share it.
var brotliReader struct {
	sync.Mutex
	in *brotli.Reader
}

// lz4Hadoop is the older LZ4: Hadoop's frames, or, by some writers, a plain block.
const lz4Hadoop format.CompressionCodec = 5

// unpackHadoop unpacks frames: each is the length of its unpacked contents, then blocks,
// each a length and as many bytes. Lengths are big-endian. Source:
// https://github.com/apache/arrow/blob/main/cpp/src/arrow/util/compression_lz4.cc.
func unpackHadoop(b, data []byte) (int, error) {
	n := 0
	for rest := b; len(rest) >= 4; {
		length := int64(binary.BigEndian.Uint32(rest))
		rest = rest[4:]
		if length > int64(len(data)-n) {
			break
		}
		for end := n + int(length); n < end; {
			if len(rest) < 4 || int64(binary.BigEndian.Uint32(rest)) > int64(len(rest)-4) {
				return lz4.UncompressBlock(b, data)
			}
			packed := rest[4 : 4+binary.BigEndian.Uint32(rest)]
			rest = rest[4+len(packed):]
			k, err := lz4.UncompressBlock(packed, data[n:end])
			if err != nil || k == 0 {
				return lz4.UncompressBlock(b, data)
			}
			n += k
		}
		if len(rest) == 0 && n == len(data) {
			return n, nil
		}
	}
	return lz4.UncompressBlock(b, data)
}
