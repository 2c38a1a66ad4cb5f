package table

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	"normflow/internal/show"
)

// keptNumber parses the text of a kept column of numbers for a typed format. A whole
// number that float64 cannot hold exactly is an error: two keys must not become one.
func keptNumber(c Column, text string) (float64, error) {
	v, err := (&numbers{mark: c.decimal}).parse(text)
	if err != nil && err != errMissing {
		return 0, fmt.Errorf("column %s: %w", show.Quoted(c.Name), err)
	}
	if math.Abs(v) >= 1<<53 && !holdsWhole(v, ungrouped(strings.TrimSpace(text))) {
		return 0, fmt.Errorf("column %s: found the whole number %s, but numbers of this format hold 16 digits: name the output .csv, which keeps all digits",
			show.Quoted(c.Name), show.Quoted(text))
	}
	return v, nil
}

// ungrouped removes thousands separators from a number: marks that come at least twice,
// as a decimal mark never does.
func ungrouped(text string) string {
	for _, mark := range []string{".", ",", "'", "’", " ", "\u00a0", "\u202f"} {
		if strings.Count(text, mark) > 1 {
			text = strings.ReplaceAll(text, mark, "")
		}
	}
	return text
}

// holdsWhole reports whether v is the whole number in text, or text is how v itself is
// written. Text with a point or an exponent is a measurement, which may be rounded.
func holdsWhole(v float64, text string) bool {
	want, whole := new(big.Int).SetString(text, 10)
	if !whole || math.IsInf(v, 0) {
		return !whole
	}
	exact, _ := new(big.Float).SetFloat64(v).Int(nil)
	written, _ := new(big.Int).SetString(strconv.FormatFloat(v, 'f', -1, 64), 10)
	return want.Cmp(exact) == 0 || want.Cmp(written) == 0
}
