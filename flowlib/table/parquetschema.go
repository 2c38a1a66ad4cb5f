package table

import (
	"fmt"

	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"
)

// leaf says where a column's values are and how they become numbers and texts.
type leaf struct {
	index    int // among all leaves of the schema
	physical format.Type
	width    int // bytes of a value; 0 for texts
	optional bool
	meaning  meaning
	scale    int   // digits of a decimal after the point
	unit     int64 // units of a time per second
	zone     bool  // the time is in UTC
}

// meaning is what the bytes of a column mean.
type meaning int

const (
	signed meaning = iota // also for what is no integer
	unsigned
	decimal
	half // float16
	date
	timeOfDay
	timestamp
	duration // an integer of units
	uuid
)

// schema lists the top-level columns; those with columns below are Other.
func (s *parquetSource) schema(elements []format.SchemaElement) error {
	if len(elements) == 0 || len(elements) > maxColumns {
		return fmt.Errorf("is not a sound Parquet file (a schema of %d elements): make it anew", len(elements))
	}
	numLeaves := 0
	// subtree returns the index after the element and everything below it.
	var subtree func(i, depth int) (int, error)
	subtree = func(i, depth int) (int, error) {
		if i >= len(elements) || depth > 32 {
			return 0, errBrokenParquet
		}
		children := elements[i].NumChildren
		if !children.Valid || children.V == 0 {
			numLeaves++
			return i + 1, nil
		}
		if children.V < 0 || int(children.V) > len(elements) {
			return 0, errBrokenParquet
		}
		next := i + 1
		for range children.V {
			var err error
			if next, err = subtree(next, depth+1); err != nil {
				return 0, err
			}
		}
		return next, nil
	}
	for i := 1; i < len(elements); {
		e := elements[i]
		c, l := describe(&e)
		l.index = numLeaves
		s.columns, s.leaves = append(s.columns, c), append(s.leaves, l)
		next, err := subtree(i, 0)
		if err != nil {
			return err
		}
		i = next
	}
	if int(elements[0].NumChildren.V) != len(s.columns) {
		return errBrokenParquet
	}
	return nil
}

// describe returns what a top-level column of the schema holds.
func describe(e *format.SchemaElement) (Column, leaf) {
	c := Column{Name: e.Name}
	var l leaf
	other := func(note string) (Column, leaf) {
		c.Kind, c.note = Other, note
		return c, l
	}
	if !e.Type.Valid {
		return other("further columns")
	}
	if e.RepetitionType.Valid && e.RepetitionType.V == format.Repeated {
		return other("lists")
	}
	l.physical, l.optional = e.Type.V, e.RepetitionType.Valid && e.RepetitionType.V == format.Optional
	l.width = widths[l.physical]
	if l.physical == format.FixedLenByteArray {
		if l.width = int(e.TypeLength.V); l.width < 1 || l.width > maxFixed {
			return other(fmt.Sprintf("values of %d bytes", l.width))
		}
	}
	l.mean(e)
	switch {
	case l.meaning == decimal && (l.width > maxDecimal || l.scale < 0 || l.scale > maxScale):
		return other("decimals of more digits than are read")
	case l.meaning == decimal || l.meaning == half:
		return c, l
	case l.meaning == date, l.meaning == timeOfDay, l.meaning == timestamp:
		c.Kind, c.note = Text, "dates or times"
		return c, l
	case l.physical == format.ByteArray, l.meaning == uuid:
		c.Kind, c.note = Text, "text"
		return c, l
	case l.physical == format.FixedLenByteArray && l.interval(e):
		return other("spans of time")
	case l.physical == format.FixedLenByteArray:
		c.Kind, c.note = Text, "text of a fixed length"
		return c, l
	case l.physical < format.Boolean || l.physical > format.FixedLenByteArray:
		return other("values of a type that is not known")
	}
	return c, l
}

// widths are the sizes of decoded values in bytes.
var widths = map[format.Type]int{format.Boolean: 1, format.Int32: 4, format.Float: 4, format.Int64: 8, format.Double: 8, format.Int96: 12}

const (
	maxFixed   = 1 << 16 // bytes of a value of fixed length
	maxDecimal = 32      // bytes of a decimal: the 76 digits that writers know
	maxScale   = 76
)

// mean sets what the bytes mean, by either of the format's two ways to say it.
func (l *leaf) mean(e *format.SchemaElement) {
	set := func(m meaning, physical ...format.Type) {
		for _, p := range physical {
			if l.physical == p {
				l.meaning = m
			}
		}
	}
	switch logical := e.LogicalType.Value.(type) {
	case *format.IntType:
		if !logical.IsSigned {
			set(unsigned, format.Int32, format.Int64)
		}
	case *format.DecimalType:
		set(decimal, format.Int32, format.Int64, format.ByteArray, format.FixedLenByteArray)
		l.scale = int(logical.Scale)
	case *format.DateType:
		set(date, format.Int32)
	case *format.TimeType:
		set(timeOfDay, format.Int32, format.Int64)
		l.unit, l.zone = perSecond(logical.Unit), logical.IsAdjustedToUTC
	case *format.TimestampType:
		set(timestamp, format.Int64)
		l.unit, l.zone = perSecond(logical.Unit), logical.IsAdjustedToUTC
	case *format.Float16Type:
		if l.width == 2 {
			set(half, format.FixedLenByteArray)
		}
	case *format.UUIDType:
		if l.width == 16 {
			set(uuid, format.FixedLenByteArray)
		}
	case nil:
		l.convert(e)
	}
	if l.physical == format.Int96 {
		l.meaning, l.unit = timestamp, 1e9
	}
}

// convert sets the meaning if the file says it in the older way.
func (l *leaf) convert(e *format.SchemaElement) {
	if !e.ConvertedType.Valid {
		return
	}
	times := func(m meaning, unit int64) { l.meaning, l.unit, l.zone = m, unit, true }
	integer := l.physical == format.Int32 || l.physical == format.Int64
	switch kind := e.ConvertedType.V; {
	case kind == deprecated.Decimal && (integer || l.physical == format.ByteArray || l.physical == format.FixedLenByteArray):
		l.meaning, l.scale = decimal, int(e.Scale.V)
	case !integer:
	case kind == deprecated.Uint8, kind == deprecated.Uint16, kind == deprecated.Uint32, kind == deprecated.Uint64:
		l.meaning = unsigned
	case kind == deprecated.Date && l.physical == format.Int32:
		l.meaning = date
	case kind == deprecated.TimeMillis:
		times(timeOfDay, 1e3)
	case kind == deprecated.TimeMicros:
		times(timeOfDay, 1e6)
	case kind == deprecated.TimestampMillis && l.physical == format.Int64:
		times(timestamp, 1e3)
	case kind == deprecated.TimestampMicros && l.physical == format.Int64:
		times(timestamp, 1e6)
	}
}

func (l *leaf) interval(e *format.SchemaElement) bool {
	return e.ConvertedType.Valid && e.ConvertedType.V == deprecated.Interval
}

func perSecond(unit format.TimeUnit) int64 {
	switch unit.Value.(type) {
	case *format.MilliSeconds:
		return 1e3
	case *format.NanoSeconds:
		return 1e9
	}
	return 1e6
}
