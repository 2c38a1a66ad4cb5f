package table

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"unsafe"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// readFooter decodes the metadata at the end of the file, after checking that it takes no
// more memory than its size justifies. Source:
// https://parquet.apache.org/docs/file-format/.
func readFooter(in *input, room *allowance) (*format.FileMetaData, error) {
	const most = 16 << 20
	var tail [8]byte
	if in.size < 12 {
		return nil, errCutParquet
	}
	if _, err := in.at.ReadAt(tail[:], in.size-8); err != nil {
		return nil, err
	}
	length := int64(binary.LittleEndian.Uint32(tail[:]))
	if string(tail[4:]) != magicParquet {
		return nil, errCutParquet
	}
	if length > most || length > in.size-12 {
		return nil, fmt.Errorf("is not a sound Parquet file (metadata of %d bytes in a file of %d): make it anew", length, in.size)
	}
	if err := room.take(2 * length); err != nil { // the decoder makes a copy
		return nil, err
	}
	footer := make([]byte, length)
	if _, err := in.at.ReadAt(footer, in.size-8-length); err != nil {
		return nil, err
	}
	n, memory, err := checkThrift(footer, footerLists)
	if err != nil || n != len(footer) || memory > 1<<20+mostFooterRatio*length {
		return nil, errBrokenParquet
	}
	if err := room.take(memory); err != nil {
		return nil, err
	}
	meta := new(format.FileMetaData)
	if err := thrift.Unmarshal(new(thrift.CompactProtocol), footer, meta); err != nil {
		return nil, fmt.Errorf("is not a sound Parquet file (%w): make it anew", err)
	}
	return meta, nil
}

// footerLists are the columns of the schema, and the row groups with their columns.
var footerLists = thriftLists{
	2: {size: int64(unsafe.Sizeof(format.SchemaElement{}))},
	4: {size: int64(unsafe.Sizeof(format.RowGroup{})), lists: thriftLists{
		1: {size: int64(unsafe.Sizeof(format.ColumnChunk{}))},
	}},
}

// mostFooterRatio is more decoded bytes per byte of metadata than any writer needs:
// elements that say nothing of a column take no bytes in the file.
const mostFooterRatio = 40

var (
	errCutParquet    = errors.New("is a Parquet file without its end: it was cut off; copy or download it again")
	errBrokenParquet = errors.New("is not a sound Parquet file (its metadata is broken): make it anew")
)

// checkLayout refuses columns that lie outside the file or do not fit the schema.
func checkLayout(in *input, meta *format.FileMetaData) error {
	rows := int64(0)
	var chunks []extent
	for g := range meta.RowGroups {
		group := &meta.RowGroups[g]
		if group.NumRows < 0 || group.NumRows > math.MaxInt64-rows {
			return errBrokenParquet
		}
		rows += group.NumRows
		for k := range group.Columns {
			m := &group.Columns[k].MetaData
			start := chunkStart(m)
			if start < 0 || m.TotalCompressedSize < 0 || start > in.size || m.TotalCompressedSize > in.size-start {
				return fmt.Errorf("is not a sound Parquet file (a column of row group %d lies outside the file): it was cut off or changed; copy or make it again", g+1)
			}
			chunks = append(chunks, extent{start, start + m.TotalCompressedSize})
		}
	}
	if rows != meta.NumRows {
		return errBrokenParquet
	}
	if overlap(chunks) {
		return errors.New("is not a sound Parquet file (two of its columns lie on the same bytes): make it anew")
	}
	return nil
}

// chunkStart returns where the pages of a column of a row group begin. Some writers give
// an offset of a dictionary that does not exist.
func chunkStart(m *format.ColumnMetaData) int64 {
	if m.DictionaryPageOffset > 0 && m.DictionaryPageOffset < m.DataPageOffset {
		return m.DictionaryPageOffset
	}
	return m.DataPageOffset
}

// extent is a half-open range of a file's bytes.
type extent struct{ from, to int64 }

// overlap reports whether two of the ranges overlap. It sorts them.
func overlap(all []extent) bool {
	slices.SortFunc(all, func(a, b extent) int { return cmp.Compare(a.from, b.from) })
	end := int64(0)
	for _, e := range all {
		if e.from < end && e.from < e.to {
			return true
		}
		end = max(end, e.to)
	}
	return false
}

// markIndex marks the columns that hold the index of a pandas table, as its metadata
// names them. Source: https://pandas.pydata.org/docs/development/developer.html.
func markIndex(columns []Column, metadata []format.KeyValue) {
	var pandas struct {
		Index []json.RawMessage `json:"index_columns"`
	}
	for _, entry := range metadata {
		if entry.Key == "pandas" {
			json.Unmarshal([]byte(entry.Value), &pandas) //nolint:errcheck // without it there is no known index
		}
	}
	for i := range columns {
		column := &columns[i]
		column.Index = pandasIndex.MatchString(column.Name) || slices.ContainsFunc(pandas.Index, func(raw json.RawMessage) bool {
			var name string // a range index, which is no column, is an object
			return json.Unmarshal(raw, &name) == nil && name == column.Name
		})
	}
}

// pandasIndex matches the names that pandas gives to an index without a name.
var pandasIndex = regexp.MustCompile(`^__index_level_\d+__$`)
