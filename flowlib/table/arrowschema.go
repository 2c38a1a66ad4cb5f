package table

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"

	"github.com/parquet-go/parquet-go/format"
)

// markDurations marks the columns that are spans of time by Arrow's schema, which pyarrow,
// pandas and polars add to the file: Parquet itself has no such type.
func (s *parquetSource) markDurations(metadata []format.KeyValue) {
	for _, entry := range metadata {
		if entry.Key != "ARROW:schema" {
			continue
		}
		schema, err := base64.StdEncoding.DecodeString(entry.Value)
		if err != nil {
			return // without it they are whole numbers
		}
		for i, unit := range arrowDurations(schema, len(s.leaves)) {
			if l := &s.leaves[i]; unit > 0 && l.physical == format.Int64 && l.meaning == signed && s.columns[i].Kind == Number {
				l.meaning, l.unit, s.columns[i].spans = duration, unit, true
			}
		}
	}
}

// arrowDurations returns the units per second of each of n columns that Arrow's schema
// calls a duration, 0 for others; nil if the schema does not fit. Sources:
// https://github.com/apache/arrow/blob/main/format/Schema.fbs and Message.fbs,
// https://flatbuffers.dev/internals/.
func arrowDurations(schema []byte, n int) []int64 {
	f := flatbuffer(schema)
	if f.uint32(0) == 0xffffffff { // a mark and the length precede the message
		f = f[min(8, len(f)):]
	}
	message := f.follow(0)
	fields := f.follow(f.field(f.follow(f.field(message, 2)), 1)) // of the header
	if fields == 0 || int64(f.uint32(fields)) != int64(n) {
		return nil
	}
	units := make([]int64, n)
	for i := range units {
		const durationType = 18
		field := f.follow(fields + 4 + 4*i)
		if kind := f.field(field, 2); kind == 0 || kind >= len(f) || f[kind] != durationType {
			continue
		}
		unit := 1 // milliseconds, where nothing is written
		if at := f.field(f.follow(f.field(field, 3)), 0); at > 0 && at < len(f) {
			unit = int(f[at])
		}
		if unit < 4 {
			units[i] = []int64{1, 1e3, 1e6, 1e9}[unit]
		}
	}
	return units
}

// flatbuffer is FlatBuffers' bytes. Where something is missing or lies outside, its
// methods return 0, which is no place of anything that is looked for.
type flatbuffer []byte

func (f flatbuffer) uint16(at int) int {
	if at < 0 || at > len(f)-2 {
		return 0
	}
	return int(binary.LittleEndian.Uint16(f[at:]))
}

func (f flatbuffer) uint32(at int) uint32 {
	if at < 0 || at > len(f)-4 {
		return 0
	}
	return binary.LittleEndian.Uint32(f[at:])
}

// follow returns the place that the offset at a place leads to.
func (f flatbuffer) follow(at int) int {
	to := int64(at) + int64(f.uint32(at))
	if to <= int64(at) || to >= int64(len(f)) {
		return 0
	}
	return int(to)
}

// field returns the place of the k-th field of a table.
func (f flatbuffer) field(table, k int) int {
	fields := table - int(int32(f.uint32(table)))
	if table == 0 || 4+2*k >= f.uint16(fields) {
		return 0
	}
	if offset := f.uint16(fields + 4 + 2*k); offset > 0 {
		return table + offset
	}
	return 0
}

// durationText returns a span of time as pandas writes it, such as -1 days +23:59:59.500.
func (l *leaf) durationText(b []byte) string {
	units, perDay := l.integer(b), 86400*l.unit
	days, rest := units/perDay, units%perDay
	sign := ""
	if rest < 0 {
		days, rest = days-1, rest+perDay
	}
	if days < 0 {
		sign = "+"
	}
	seconds, part := rest/l.unit, rest%l.unit
	text := fmt.Sprintf("%d days %s%02d:%02d:%02d", days, sign, seconds/3600, seconds/60%60, seconds%60)
	if l.unit > 1 {
		text += fmt.Sprintf(".%0*d", len(fmt.Sprint(l.unit))-1, part)
	}
	return text
}
