package table

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// Runs and groups of eight, by hand: a header of 2·count is a run, of 2·groups+1
// bit-packed groups.
func TestCountRuns(t *testing.T) {
	tests := []struct {
		name     string
		b        []byte
		width, n int
		ones     int
		sound    bool
	}{
		{"nothing", nil, 1, 0, 0, true},
		{"a run of ones", []byte{10, 1}, 1, 5, 5, true},
		{"a run of noughts", []byte{10, 0}, 1, 5, 0, true},
		{"a group", []byte{3, 0b10110}, 1, 5, 3, true},
		{"what fills the group does not count", []byte{3, 0xff}, 1, 5, 5, true},
		{"a run, then a group", []byte{4, 1, 3, 0b101}, 1, 5, 4, true},
		{"too few", []byte{8, 1}, 1, 5, 0, false},
		{"a group that is cut off", []byte{5, 0xff}, 1, 16, 0, false},
		{"a run without its value", []byte{10}, 1, 5, 0, false},
		{"a run of 2³⁰", []byte{0x80, 0x80, 0x80, 0x80, 8, 1}, 1, 5, 0, false},
		{"more than fills a group", []byte{0x80, 0x80, 1, 1}, 1, 5, 0, false}, // 8192
		{"junk behind", []byte{10, 1, 0xff, 0xff, 0xff, 0xff, 0xff}, 1, 5, 5, true},
		{"a run of none", []byte{0, 10, 10, 1}, 1, 5, 0, false},
		{"2⁶⁰ groups, whose bytes overflow", binary.AppendUvarint(nil, 1<<61|1), 8, 5, 0, false},
		{"two bytes wide", []byte{10, 1, 2}, 12, 5, 0, true},
		{"two bytes wide, cut off", []byte{10, 1}, 12, 5, 0, false},
	}
	for _, tt := range tests {
		ones, used, err := countRuns(tt.b, tt.width, tt.n)
		if (err == nil) != tt.sound || err == nil && tt.width == 1 && ones != tt.ones {
			t.Errorf("%s: got %d, %v", tt.name, ones, err)
		}
		if tt.name == "junk behind" && len(used) != 2 {
			t.Errorf("%s: used %x", tt.name, used)
		}
	}
}

func TestValuesOfAPage(t *testing.T) {
	tests := []struct {
		name     string
		physical format.Type
		encoding format.Encoding
		data     string
		n        int
		sound    bool
	}{
		{"two doubles", format.Double, format.Plain, strings.Repeat("x", 16), 2, true},
		{"one and a half doubles", format.Double, format.Plain, strings.Repeat("x", 12), 2, false},
		{"nine booleans", format.Boolean, format.Plain, "xx", 9, true},
		{"nine booleans in a byte", format.Boolean, format.Plain, "x", 9, false},
		{"texts", format.ByteArray, format.Plain, "\x01\x00\x00\x00a\x00\x00\x00\x00", 2, true},
		{"a text beyond the end", format.ByteArray, format.Plain, "\x01\x00\x00\x00a\x01\x00\x00\x00", 2, false},
		{"split bytes", format.Float, format.ByteStreamSplit, "12345678", 2, true},
		{"split bytes, cut off", format.Float, format.ByteStreamSplit, "1234567", 2, false},
		{"a dictionary's numbers", format.Double, format.RLEDictionary, "\x01\x0a\x01", 5, true},
		{"a dictionary's numbers of 33 bits", format.Double, format.RLEDictionary, "\x21\x0a\x01\x01\x01\x01\x01", 5, false},
		{"no width", format.Double, format.RLEDictionary, "", 5, false},
		{"differences", format.Int64, format.DeltaBinaryPacked, "\x80\x01\x04\x03\x02\x02\x00\x00\x00\x00", 3, true},
		{"differences of more", format.Int64, format.DeltaBinaryPacked, "\x80\x01\x04\xff\xff\xff\xff\x07\x02", 3, false},
		{"differences in no block", format.Int64, format.DeltaBinaryPacked, "\x80\x01\x00\x03\x02", 3, false},
		{"differences without their block", format.Int64, format.DeltaBinaryPacked, "\x80\x01\x04\x03\x02", 3, false},
		{"differences that are cut off", format.Int64, format.DeltaBinaryPacked, "\x80\x01\x04\x03\x02\x02\x08\x00\x00\x00xxxx", 3, false},
		{"differences of 33 bits", format.Int32, format.DeltaBinaryPacked, "\x80\x01\x04\x03\x02\x02\x21\x00\x00\x00" + strings.Repeat("x", 132), 3, true},
		{"differences of 65 bits", format.Int32, format.DeltaBinaryPacked, "\x80\x01\x04\x03\x02\x02\x41\x00\x00\x00" + strings.Repeat("x", 260), 3, false},
		{"lengths of 33 bits", format.ByteArray, format.DeltaLengthByteArray, "\x80\x01\x04\x03\x02\x02\x21\x00\x00\x00" + strings.Repeat("x", 132), 3, false},
		{"a place beyond the dictionary", format.Double, format.RLEDictionary, "\x02\x0a\x03", 5, false},
		{"a text after its length", format.ByteArray, format.DeltaLengthByteArray, "\x80\x01\x04\x01\x04ab", 1, true},
		{"a text that is cut off", format.ByteArray, format.DeltaLengthByteArray, "\x80\x01\x04\x01\x04a", 1, false},
		{"a text of length -1", format.ByteArray, format.DeltaLengthByteArray, "\x80\x01\x04\x01\x01a", 1, false},
		{"a text with a prefix of none", format.ByteArray, format.DeltaByteArray, "\x80\x01\x04\x01\x00\x80\x01\x04\x01\x04ab", 1, true},
		{"a text with a prefix of what was not there", format.ByteArray, format.DeltaByteArray, "\x80\x01\x04\x01\x02\x80\x01\x04\x01\x04ab", 1, false},
		{"an encoding for texts", format.Double, format.DeltaByteArray, "", 1, false},
	}
	for _, tt := range tests {
		p := &parquetColumn{leaf: leaf{physical: tt.physical, width: widths[tt.physical]}, room: &allowance{most: 1 << 20}}
		p.dictionary.n = 2
		if err := p.decode(tt.encoding, nil, []byte(tt.data), tt.n, -1); (err == nil) != tt.sound {
			t.Errorf("%s: got %v", tt.name, err)
		}
	}
}

// A column of one page whose header tells one lie at a time.
func TestPagesThatLie(t *testing.T) {
	check := func(lie func(h *format.PageHeader)) error {
		body := []byte("\x0e\x01" + strings.Repeat("x", 56)) // 7 levels of 1; 7 doubles
		h := format.PageHeader{Type: format.DataPageV2, UncompressedPageSize: 58, CompressedPageSize: 58}
		h.DataPageHeaderV2 = thrift.New(format.DataPageHeaderV2{NumValues: 7, NumRows: 7, DefinitionLevelsByteLength: 2, IsCompressed: thrift.New(false)})
		lie(&h)
		header, err := thrift.Marshal(new(thrift.CompactProtocol), &h)
		if err != nil {
			t.Fatal(err)
		}
		file := append(header, body...)
		p := &parquetColumn{leaf: leaf{physical: format.Double, width: 8, optional: true}, at: bytes.NewReader(file), room: &allowance{most: 1 << 20}}
		p.begin(&format.ColumnMetaData{TotalCompressedSize: int64(len(file)), Codec: format.Snappy})
		for range 7 {
			if err := p.ready(); err != nil {
				return err
			}
			p.next()
		}
		return p.end()
	}
	if err := check(func(*format.PageHeader) {}); err != nil {
		t.Fatal(err)
	}
	for name, lie := range map[string]func(h *format.PageHeader){
		"size":            func(h *format.PageHeader) { h.CompressedPageSize++ },
		"negative size":   func(h *format.PageHeader) { h.CompressedPageSize = -1 },
		"unpacked":        func(h *format.PageHeader) { h.UncompressedPageSize++ },
		"huge":            func(h *format.PageHeader) { h.UncompressedPageSize = 2e9 },
		"fewer values":    func(h *format.PageHeader) { h.DataPageHeaderV2.V.NumValues = 6 },
		"more values":     func(h *format.PageHeader) { h.DataPageHeaderV2.V.NumValues = 8 },
		"many values":     func(h *format.PageHeader) { h.DataPageHeaderV2.V.NumValues = 2e9 },
		"nulls":           func(h *format.PageHeader) { h.DataPageHeaderV2.V.NumNulls = 1 },
		"negative levels": func(h *format.PageHeader) { h.DataPageHeaderV2.V.DefinitionLevelsByteLength = -1 },
		"no levels":       func(h *format.PageHeader) { h.DataPageHeaderV2.V.DefinitionLevelsByteLength = 0 },
		"long levels":     func(h *format.PageHeader) { h.DataPageHeaderV2.V.DefinitionLevelsByteLength = 59 },
		"lists":           func(h *format.PageHeader) { h.DataPageHeaderV2.V.RepetitionLevelsByteLength = 1 },
		"packed":          func(h *format.PageHeader) { h.DataPageHeaderV2.V.IsCompressed = thrift.New(true) },
		"kind":            func(h *format.PageHeader) { h.Type = format.IndexPage },
	} {
		if err := check(lie); err == nil {
			t.Errorf("a lie about %s was believed", name)
		}
	}
}

// What unpacks to more, or to less, than was said is refused in every codec.
func TestUnpack(t *testing.T) {
	packed := map[format.CompressionCodec]string{ // "aaaaaaaaaaaaaaaa", 16 of them
		format.Uncompressed: "aaaaaaaaaaaaaaaa",
		format.Snappy:       "\x10\x00a\x3a\x01\x00",
		format.Lz4Raw:       "\x16a\x01\x00\x50aaaaa",
		lz4Hadoop:           "\x00\x00\x00\x10\x00\x00\x00\x0a\x16a\x01\x00\x50aaaaa",
		format.Zstd:         "\x28\xb5\x2f\xfd\x20\x10\x83\x00\x00a",
	}
	var zipped, squeezed bytes.Buffer
	for codec, w := range map[format.CompressionCodec]io.WriteCloser{format.Gzip: gzip.NewWriter(&zipped), format.Brotli: brotli.NewWriter(&squeezed)} {
		if _, err := io.WriteString(w, "aaaaaaaaaaaaaaaa"); err != nil || w.Close() != nil {
			t.Fatal(codec, err)
		}
	}
	packed[format.Gzip], packed[format.Brotli] = zipped.String(), squeezed.String()
	for codec, b := range packed {
		for size, want := range map[int]bool{16: true, 15: false, 17: false, 0: false} {
			data := make([]byte, size)
			err := unpack(codec, []byte(b), data)
			if (err == nil) != want || err == nil && string(data) != "aaaaaaaaaaaaaaaa" {
				t.Errorf("%s to %d bytes: got %q, %v", codec, size, data, err)
			}
		}
	}
	if err := unpack(format.LZO, nil, nil); err == nil || !strings.Contains(err.Error(), "is packed with LZO") {
		t.Error(err)
	}
}

// Pages of Brotli share a window, also after a broken one.
func TestBrotliWindow(t *testing.T) {
	var packed bytes.Buffer
	w := brotli.NewWriter(&packed)
	data := bytes.Repeat([]byte{'a'}, 1<<20)
	if _, err := w.Write(data); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	if err := unpack(format.Brotli, append(packed.Bytes(), "more"...), data); err == nil {
		t.Fatal("a page with more behind it was read")
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 20 {
		clear(data)
		if err := unpack(format.Brotli, packed.Bytes(), data); err != nil || bytes.Count(data, []byte{'a'}) != len(data) {
			t.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	if taken := after.TotalAlloc - before.TotalAlloc; taken > 8<<20 {
		t.Errorf("20 pages of 1 MiB took %d bytes", taken)
	}
}

// DuckDB's differences of 32-bit numbers may take more than 32 bits:
// copy (select (i*2654435761%4294967296-2147483648)::int x, (i*2654435761%4294967296)::uinteger u
// from range(300) t(i)) to 'types-wide-duckdb.parquet' (parquet_version V2).
func TestDifferencesOfMoreThan32Bits(t *testing.T) {
	got := must(ReadAll("testdata/parquet/types-wide-duckdb.parquet", Options{}))
	for i, row := range got.Rows {
		u := float64(i * 2654435761 % (1 << 32))
		if row[0] != u-1<<31 || row[1] != u {
			t.Fatalf("row %d: got %v, expected %v", i+1, row, []float64{u - 1<<31, u})
		}
	}
	if len(got.Rows) != 300 {
		t.Errorf("got %d rows", len(got.Rows))
	}
}
