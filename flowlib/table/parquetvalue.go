package table

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go/format"
)

// number returns a value as a number, NaN if it is not present.
func (l *leaf) number(b []byte, present bool) float64 {
	switch {
	case !present:
		return math.NaN()
	case l.meaning == decimal:
		return l.decimalNumber(b)
	case l.physical == format.Double:
		return math.Float64frombits(binary.LittleEndian.Uint64(b))
	case l.physical == format.Float:
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))
	case l.physical == format.Boolean:
		return float64(b[0])
	case l.meaning == half:
		return fromHalf(binary.LittleEndian.Uint16(b))
	case l.physical == format.Int32 && l.meaning == unsigned:
		return float64(binary.LittleEndian.Uint32(b))
	case l.physical == format.Int64 && l.meaning == unsigned:
		return float64(binary.LittleEndian.Uint64(b))
	}
	return float64(l.integer(b))
}

// integer returns a signed integer of either width.
func (l *leaf) integer(b []byte) int64 {
	if l.physical == format.Int32 {
		return int64(int32(binary.LittleEndian.Uint32(b)))
	}
	return int64(binary.LittleEndian.Uint64(b))
}

// string returns a value as text, "" if it is not present.
func (l *leaf) string(b []byte, present bool) string {
	switch {
	case !present:
		return ""
	case l.meaning == decimal:
		return l.decimalText(b)
	case l.meaning == date:
		return time.Unix(l.integer(b)*86400, 0).UTC().Format(time.DateOnly)
	case l.meaning == timeOfDay:
		return l.clock(0, l.integer(b), "15:04:05.999999999")
	case l.physical == format.Int96:
		const epoch = 2440588 // Julian day of 1970-01-01
		return l.clock(int64(binary.LittleEndian.Uint32(b[8:]))-epoch, int64(binary.LittleEndian.Uint64(b)), "2006-01-02T15:04:05.999999999")
	case l.meaning == timestamp:
		return l.clock(0, l.integer(b), "2006-01-02T15:04:05.999999999")
	case l.meaning == duration:
		return l.durationText(b)
	case l.meaning == uuid:
		return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
	case l.physical == format.ByteArray || l.physical == format.FixedLenByteArray && l.meaning != half:
		return bytesText(b)
	case l.physical == format.Int64 && l.meaning == unsigned:
		return strconv.FormatUint(binary.LittleEndian.Uint64(b), 10)
	case l.physical == format.Int64:
		return strconv.FormatInt(l.integer(b), 10)
	case l.physical == format.Float:
		return FormatNumber(l.number(b, true), 32)
	}
	return FormatNumber(l.number(b, true), 64)
}

// bytesText returns bytes as text. Those that are none, which would break a CSV, are written
// as PostgreSQL does: \x and hexadecimal digits.
func bytesText(b []byte) string {
	if utf8.Valid(b) && bytes.IndexByte(b, 0) < 0 {
		return string(b)
	}
	return `\x` + hex.EncodeToString(b)
}

// clock returns a time, in days and units since 1970, in ISO 8601.
func (l *leaf) clock(days, units int64, layout string) string {
	second, rest := units/l.unit, units%l.unit
	if l.zone {
		layout += "Z"
	}
	return time.Unix(days*86400+second, rest*(1e9/l.unit)).UTC().Format(layout)
}

// decimalNumber returns the float64 nearest to a decimal.
func (l *leaf) decimalNumber(b []byte) float64 {
	if l.physical == format.Int32 || l.physical == format.Int64 {
		if x := l.integer(b); -1<<53 <= x && x <= 1<<53 && l.scale <= 22 {
			return float64(x) / math.Pow10(l.scale) // both are exact, so the quotient is rounded once
		}
	}
	x, err := strconv.ParseFloat(l.decimalText(b), 64)
	if err != nil {
		return math.NaN()
	}
	return x
}

// decimalText returns a decimal with all its digits, such as -0.50.
func (l *leaf) decimalText(b []byte) string {
	var digits string
	if l.physical == format.Int32 || l.physical == format.Int64 {
		digits = strconv.FormatInt(l.integer(b), 10)
	} else { // big-endian, two's complement
		x := new(big.Int).SetBytes(b)
		if len(b) > 0 && b[0]&0x80 != 0 {
			x.Sub(x, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
		}
		digits = x.String()
	}
	if l.scale == 0 {
		return digits
	}
	digits, negative := strings.CutPrefix(digits, "-")
	if missing := l.scale + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	text := digits[:len(digits)-l.scale] + "." + digits[len(digits)-l.scale:]
	if negative {
		text = "-" + text
	}
	return text
}
