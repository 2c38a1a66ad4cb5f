package table

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// emptyColumns makes a Parquet file whose one row group has so many columns of three
// bytes, of which nothing is known but that the file's offset is 0.
func emptyColumns(t *testing.T, folder string, count int) string {
	footer := []byte{0x15, 2, 0x39, 0x1c} // version 1; field 4 is a list of one struct
	footer = append(footer, 0x19, 0xfc)   // whose field 1 is a list of structs
	footer = binary.AppendUvarint(footer, uint64(count))
	footer = append(footer, bytes.Repeat([]byte{0x26, 0, 0}, count)...)
	footer = append(footer, 0x16, 0, 0x16, 0, 0, 0)
	return parquetOf(t, folder, "empty.parquet", nil, footer)
}

// longDictionaries makes a Parquet file of so many columns, each with a dictionary of as
// many booleans as a page may have, packed to little, of which every row names the first.
func longDictionaries(t *testing.T, folder string, columns int) string {
	const n = mostPageValues
	page := func(h format.PageHeader, data []byte) []byte {
		packed := zstdOf(string(data))
		h.CompressedPageSize, h.UncompressedPageSize = int32(len(packed)), int32(len(data))
		return append(must(thrift.Marshal(new(thrift.CompactProtocol), &h)), packed...)
	}
	bits := make([]byte, n/8)
	for i := 0; i < len(bits); i += 700 { // or the page would unpack to too many times its size
		bits[i] = byte(i >> 3)
	}
	dictionary := page(format.PageHeader{Type: format.DictionaryPage, DictionaryPageHeader: some(format.DictionaryPageHeader{NumValues: n, Encoding: format.Plain})}, bits)
	run := append(binary.AppendUvarint([]byte{1}, n<<1), 0) // n times the place 0, of one bit
	pages := append(dictionary, page(format.PageHeader{Type: format.DataPage, DataPageHeader: some(format.DataPageHeader{
		NumValues: n, Encoding: format.RLEDictionary, DefinitionLevelEncoding: format.RLE, RepetitionLevelEncoding: format.RLE})}, run)...)
	meta := format.FileMetaData{Version: 1, NumRows: n, Schema: []format.SchemaElement{{Name: "all", NumChildren: some(int32(columns))}}, RowGroups: []format.RowGroup{{NumRows: n}}}
	for i := range columns {
		name, start := strconv.Itoa(i), int64(len(magicParquet)+i*len(pages))
		meta.Schema = append(meta.Schema, format.SchemaElement{Name: name, Type: some(format.Boolean), RepetitionType: some(format.Required)})
		meta.RowGroups[0].Columns = append(meta.RowGroups[0].Columns, format.ColumnChunk{MetaData: format.ColumnMetaData{
			Type: format.Boolean, Encoding: []format.Encoding{format.Plain}, PathInSchema: []string{name}, Codec: format.Zstd, NumValues: n,
			TotalCompressedSize: int64(len(pages)), DictionaryPageOffset: start, DataPageOffset: start + int64(len(dictionary))}})
	}
	return parquetOf(t, folder, "dictionaries.parquet", bytes.Repeat(pages, columns), must(thrift.Marshal(new(thrift.CompactProtocol), &meta)))
}

func some[T any](v T) thrift.Null[T] { return thrift.Null[T]{V: v, Valid: true} }

// parquetOf writes a file of pages and metadata.
func parquetOf(t *testing.T, folder, name string, pages, footer []byte) string {
	file := append(append([]byte(magicParquet), pages...), footer...)
	file = append(binary.LittleEndian.AppendUint32(file, uint32(len(footer))), magicParquet...)
	path := filepath.Join(folder, name)
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
