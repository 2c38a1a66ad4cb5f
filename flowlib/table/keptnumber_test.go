package table

import (
	"math"
	"path/filepath"
	"strings"
	"testing"
)

// A key that float64 cannot hold is never written as its neighbour.
func TestKeptWholeNumbers(t *testing.T) {
	ids := map[string]bool{ // whether it can be written
		"9007199254740991": true, "9007199254740992": true, "-9007199254740992": true,
		"1152921504606846976": true, // 2^60
		"1152921504606847000": true, // the same, as it is written
		"9007199254740993":    false, "-9007199254740993": false, " 9007199254740993 ": false,
		"123456789012345678":                        false,
		"12345678901234567890123456789012345678901": false,
		"9.007199254740993e15":                      true, "0.1": true, "NA": true,
	}
	for _, name := range []string{"out.npy", "out.npz", "out.parquet"} {
		for id, fits := range ids {
			w, err := Create(filepath.Join(t.TempDir(), name), []Column{{Name: "id"}}, []string{"p"}, Dialect{})
			if err != nil {
				t.Fatal(err)
			}
			err = w.Write([]string{id}, []float64{-1})
			w.Abort()
			switch {
			case fits && err != nil:
				t.Errorf("%s: %q is refused: %v", name, id, err)
			case !fits && (err == nil || !strings.Contains(err.Error(), "name the output .csv") || strings.Contains(err.Error(), "\n")):
				t.Errorf("%s: %q: %v", name, id, err)
			}
		}
	}
	if v, err := keptNumber(Column{Name: "id"}, "1152921504606846976"); err != nil || v != math.Ldexp(1, 60) {
		t.Error(v, err)
	}
}

// Marks of thousands make no measurement of a whole number.
func TestKeptWholeNumbersWithMarks(t *testing.T) {
	for _, tt := range []struct {
		text    string
		decimal rune
	}{{"9.007.199.254.740.993", ','}, {"9,007,199,254,740,993", '.'}, {"-9.007.199.254.740.993", ','}} {
		c := Column{Name: "id", decimal: tt.decimal}
		v, err := keptNumber(c, tt.text)
		if err == nil || !strings.Contains(err.Error(), "numbers of this format hold 16 digits") && !strings.Contains(err.Error(), "expected a number") {
			t.Errorf("%s: got %.17g, %v", tt.text, v, err)
		}
		even := strings.Replace(tt.text, "993", "992", 1)
		if v, err := keptNumber(c, even); err == nil && math.Abs(v) != 1<<53 {
			t.Errorf("%s: got %.17g", even, v)
		}
	}
}

// Decimals of Parquet have a point, also where three digits follow each.
func TestKeptDecimals(t *testing.T) {
	r, err := Open("../../cmd/flow/testdata/decimal.parquet", Options{Columns: []string{"x"}, Keep: []string{"price"}})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if v, err := keptNumber(r.Kept()[0], "1.000"); err != nil || v != 1 {
		t.Errorf("got %g, %v, want 1", v, err)
	}
}
