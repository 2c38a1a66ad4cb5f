package table

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"testing"

	"normflow/internal/npz"
)

func TestFormatNumber(t *testing.T) {
	for v, want := range map[float64]string{
		1234567: "1234567", -1.7e18: "-1700000000000000000", 1234567.25: "1234567.25", 1e19: "1e+19", 999999: "999999",
		1e-7: "1e-07", 0: "0", -0.5: "-0.5", math.Inf(-1): "-Inf", 1 << 62: "4611686018427388000",
	} {
		if got := FormatNumber(v, 64); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if got := FormatNumber(float64(float32(0.1)), 32); got != "0.1" {
		t.Error(got)
	}
}

// Whole numbers of 64 bits that are kept from NPY keep their digits: two keys do not become
// one.
func TestKeptWholeNumbersOfArrays(t *testing.T) {
	keys := []int64{1<<53 + 1, -1<<53 - 1, 1700000000123456789, 7}
	for dtype, want := range map[string]string{
		"<i8": "9007199254740993 -9007199254740993 1700000000123456789 7",
		"<u8": "9007199254740993 18437736874454810623 1700000000123456789 7",
	} {
		file := npz.Prelude(dtype, "(4,)")
		for _, key := range keys {
			file = binary.LittleEndian.AppendUint64(file, uint64(key))
		}
		r := must(newReader(fromBytes("t.npy", file), Options{Keep: []string{"*"}}))
		c := must(r.Next())
		var got []string
		for i := range c.Len() {
			got = append(got, c.Text(i)...)
		}
		if !slices.Equal(got, strings.Fields(want)) {
			t.Errorf("%s: kept %v, want %s", dtype, got, want)
		}
	}
}
