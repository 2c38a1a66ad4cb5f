package table

import (
	"math"
	"strconv"
)

// FormatNumber returns the shortest text that is read as v, of a float32 or float64, with
// an exponent only where int64 has no such number or it is close to 0: a key of 7 digits
// stays one.
func FormatNumber(v float64, bits int) string { return string(appendNumber(nil, v, bits)) }

func appendNumber(b []byte, v float64, bits int) []byte {
	if size := math.Abs(v); size >= 1e6 && size < 1<<63 {
		return strconv.AppendFloat(b, v, 'f', -1, bits)
	}
	return strconv.AppendFloat(b, v, 'g', -1, bits)
}
