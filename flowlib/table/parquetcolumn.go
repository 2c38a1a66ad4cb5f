package table

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// parquetColumn reads a column of the current row group page by page. The library
// decodes. What a page says of itself is checked first, since a few bytes can claim 2³¹
// repeats or unpack endlessly, and the library would complete a page that is too short
// with old contents of memory.
type parquetColumn struct {
	leaf
	name string
	to   int  // index among the numbers, or features + index among the texts
	keep bool // its values become text
	at   io.ReaderAt
	room *allowance

	codec        format.CompressionCodec
	offset, stop int64 // of the pages to come

	packed, unpacked []byte
	levels           []byte  // 1: a value is present, 0: null; at least n
	places           []int32 // indices into the dictionary, if the page has them
	indexed          bool
	values           values // of the page, without nulls
	dictionary       values
	kept             []byte   // bytes of the dictionary
	texts            []string // of the dictionary, those used so far
	n, row, value    int      // of a page: number of rows, and the next with nulls and without
}

const (
	mostPageBytes  = 64 << 20 // unpacked size of a page; writers make pages of about 1 MiB
	mostPageValues = 4 << 20
	mostPageHeader = 64 << 10
)

var errBrokenPage = errors.New("a page is broken: make the file anew")

// begin goes to the first page of a row group.
func (p *parquetColumn) begin(m *format.ColumnMetaData) {
	p.codec, p.offset, p.stop = m.Codec, chunkStart(m), chunkStart(m)+m.TotalCompressedSize
	p.n, p.row = 0, 0
	p.dictionary.n, p.texts = 0, p.texts[:0]
}

// ready makes sure that a value can be read.
func (p *parquetColumn) ready() error {
	for p.row == p.n {
		if p.offset >= p.stop {
			return errors.New("its pages hold fewer values than there are rows: the file is broken; make it anew")
		}
		if err := p.page(); err != nil {
			return err
		}
	}
	return nil
}

// end checks that no value is left in the row group.
func (p *parquetColumn) end() error {
	for p.row == p.n && p.offset < p.stop {
		if err := p.page(); err != nil {
			return err
		}
	}
	if p.row < p.n {
		return errors.New("its pages hold more values than there are rows: the file is broken; make it anew")
	}
	return nil
}

// left returns how many values of the page are still to come.
func (p *parquetColumn) left() int { return p.n - p.row }

// longest returns the length of the longest text in the page, or slightly more.
func (p *parquetColumn) longest() int {
	if p.indexed {
		return p.dictionary.longest
	}
	return p.values.longest
}

// next returns the bytes of the next value, and whether it is present. They are valid
// until the end of the page.
func (p *parquetColumn) next() (b []byte, present bool) {
	row := p.row
	p.row++
	if p.optional && p.levels[row]&1 == 0 {
		return nil, false
	}
	p.value++
	if p.indexed {
		return p.dictionary.at(int(p.places[p.value-1])), true
	}
	return p.values.at(p.value - 1), true
}

// text returns the value just returned by next as text. Rows share the texts of a
// dictionary.
func (p *parquetColumn) text(b []byte, present bool) string {
	if !present || !p.indexed {
		return p.string(b, present)
	}
	text := &p.texts[p.places[p.value-1]]
	if *text == "" {
		*text = p.string(b, true)
	}
	return *text
}

// page reads the next page.
func (p *parquetColumn) page() error {
	h, length, err := p.header()
	if err != nil {
		return err
	}
	p.offset += int64(length)
	packed, unpacked := int64(h.CompressedPageSize), int64(h.UncompressedPageSize)
	if packed < 0 || packed > p.stop-p.offset || unpacked < 0 {
		return errBrokenPage
	}
	if unpacked > mostPageBytes || unpacked > 1<<20+1000*packed {
		return fmt.Errorf("a page of %d bytes unpacks to %d, expected at most %d: write smaller row groups", packed, unpacked, mostPageBytes)
	}
	if p.packed, err = sized(p.room, p.packed, int(packed)); err != nil {
		return err
	}
	if _, err := p.at.ReadAt(p.packed, p.offset); err != nil {
		return err
	}
	p.offset += packed
	if h.CRC != 0 && crc32.ChecksumIEEE(p.packed) != uint32(h.CRC) {
		return errors.New("a page does not fit its checksum: copy or download the file again")
	}
	p.row, p.value, p.n = 0, 0, 0
	switch {
	case h.Type == format.DictionaryPage && h.DictionaryPageHeader.Valid:
		return p.dictionaryPage(&h.DictionaryPageHeader.V, int(unpacked))
	case h.Type == format.DataPage && h.DataPageHeader.Valid:
		return p.dataPage(&h.DataPageHeader.V, int(unpacked))
	case h.Type == format.DataPageV2 && h.DataPageHeaderV2.Valid:
		return p.dataPageV2(&h.DataPageHeaderV2.V, int(unpacked))
	case h.Type == format.IndexPage:
		return nil
	}
	return errBrokenPage
}

// header decodes the header of the next page.
func (p *parquetColumn) header() (h *format.PageHeader, length int, err error) {
	for size := int64(256); ; size *= 16 { // usually small, except for statistics of long texts
		window := make([]byte, min(size, p.stop-p.offset))
		if _, err := p.at.ReadAt(window, p.offset); err != nil {
			return nil, 0, err
		}
		if length, _, err = checkThrift(window, nil); err == nil {
			h = new(format.PageHeader)
			if err := thrift.Unmarshal(new(thrift.CompactProtocol), window[:length], h); err != nil {
				return nil, 0, errBrokenParquet
			}
			return h, length, nil
		}
		if size >= mostPageHeader || int64(len(window)) == p.stop-p.offset {
			return nil, 0, errBrokenParquet
		}
	}
}

// plainDictionary is what old writers call the encoding of a dictionary, and that of
// pages that refer to it.
//
//lint:ignore SA1019 only writers should avoid it
const plainDictionary = format.PlainDictionary

func (p *parquetColumn) dictionaryPage(h *format.DictionaryPageHeader, unpacked int) error {
	if h.Encoding != format.Plain && h.Encoding != plainDictionary {
		return errBrokenPage
	}
	data, err := p.unpack(p.packed, unpacked, p.codec)
	if err != nil {
		return err
	}
	if p.kept, err = sized(p.room, p.kept, len(data)); err != nil {
		return err
	}
	copy(p.kept, data)
	if err := p.dictionary.decode(p.room, &p.leaf, format.Plain, p.kept, int(h.NumValues)); err != nil || !p.keep {
		return err
	}
	p.texts, err = sized(p.room, p.texts, p.dictionary.n)
	clear(p.texts)
	return err
}

// dataPage decodes a page of version 1, whose levels are packed with the values.
func (p *parquetColumn) dataPage(h *format.DataPageHeader, unpacked int) error {
	data, err := p.unpack(p.packed, unpacked, p.codec)
	if err != nil {
		return err
	}
	var levels []byte
	if p.optional {
		if len(data) < 4 || h.DefinitionLevelEncoding != format.RLE || uint64(binary.LittleEndian.Uint32(data)) > uint64(len(data)-4) {
			return errBrokenPage
		}
		length := 4 + binary.LittleEndian.Uint32(data)
		levels, data = data[4:length], data[length:]
	}
	return p.decode(h.Encoding, levels, data, int(h.NumValues), -1)
}

// dataPageV2 decodes a page of version 2, whose levels come first and are not packed.
func (p *parquetColumn) dataPageV2(h *format.DataPageHeaderV2, unpacked int) error {
	length := int(h.DefinitionLevelsByteLength)
	if h.RepetitionLevelsByteLength != 0 || length < 0 || length > len(p.packed) || length > unpacked || p.optional != (length > 0) {
		return errBrokenPage
	}
	codec := p.codec
	if h.IsCompressed.Valid && !h.IsCompressed.V {
		codec = format.Uncompressed
	}
	data, err := p.unpack(p.packed[length:], unpacked-length, codec)
	if err != nil {
		return err
	}
	return p.decode(h.Encoding, p.packed[:length], data, int(h.NumValues), int(h.NumNulls))
}

// unpack unpacks b to exactly size bytes, or returns b if it is not packed.
func (p *parquetColumn) unpack(b []byte, size int, codec format.CompressionCodec) (data []byte, err error) {
	if codec == format.Uncompressed {
		if len(b) != size {
			return nil, errBrokenPage
		}
		return b, nil
	}
	if size == 0 && len(b) == 0 {
		return nil, nil // some writers write this for a page of nulls only
	}
	if p.unpacked, err = sized(p.room, p.unpacked, size); err != nil {
		return nil, err
	}
	return p.unpacked, unpack(codec, b, p.unpacked)
}

// decode decodes n values from a page's levels and data. nulls is how many are null; -1
// if the page does not say.
func (p *parquetColumn) decode(encoding format.Encoding, levels, data []byte, n, nulls int) (err error) {
	if n < 0 || n > mostPageValues {
		return fmt.Errorf("a page of %d values, expected at most %d: write smaller row groups", n, mostPageValues)
	}
	present := n
	if p.optional {
		if present, levels, err = countRuns(levels, 1, n); err != nil {
			return err
		}
		if p.levels, err = sized(p.room, p.levels, n+mostFill); err != nil {
			return err
		}
		if p.levels, err = (&rle.Encoding{BitWidth: 1}).DecodeLevels(p.levels, levels); err != nil || len(p.levels) < n {
			return errBrokenPage
		}
	}
	if nulls >= 0 && nulls != n-present {
		return errBrokenPage
	}
	if p.indexed = encoding == format.RLEDictionary || encoding == plainDictionary; p.indexed {
		err = p.indices(data, present)
	} else {
		err = p.values.decode(p.room, &p.leaf, encoding, data, present)
	}
	if err == nil {
		p.n = n
	}
	return err
}

// indices decodes a page of n indices into the dictionary.
func (p *parquetColumn) indices(data []byte, n int) (err error) {
	if n == 0 {
		return nil
	}
	if len(data) == 0 || data[0] > 32 {
		return errBrokenPage
	}
	_, used, err := countRuns(data[1:], int(data[0]), n)
	if err != nil {
		return err
	}
	if p.places, err = sized(p.room, p.places, n+mostFill); err != nil {
		return err
	}
	if p.places, err = (&rle.DictionaryEncoding{}).DecodeInt32(p.places, data[:1+len(used)]); err != nil || len(p.places) < n {
		return errBrokenPage
	}
	for _, i := range p.places[:n] {
		if i < 0 || int(i) >= p.dictionary.n {
			return errBrokenPage
		}
	}
	return nil
}
