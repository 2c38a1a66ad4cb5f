package table

import (
	"math"
	"testing"
)

// The numbers are those of IEEE 754's binary16.
func TestFromHalf(t *testing.T) {
	for b, want := range map[uint16]float64{
		0: 0, 1: 1.0 / (1 << 24), 0x3ff: 1023.0 / (1 << 24), 0x400: 1.0 / (1 << 14), 0x3c00: 1, 0x3c01: 1 + 1.0/1024,
		0xc000: -2, 0x7bff: 65504, 0xfbff: -65504, 0x8001: -1.0 / (1 << 24), 0x7c00: math.Inf(1), 0xfc00: math.Inf(-1),
	} {
		if got := fromHalf(b); got != want {
			t.Errorf("%#x: got %g, want %g", b, got, want)
		}
	}
	if !math.IsNaN(fromHalf(0x7e00)) || !math.Signbit(fromHalf(0x8000)) {
		t.Error("NaN or -0 is wrong")
	}
}
