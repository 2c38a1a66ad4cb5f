package table

import (
	"strings"
	"unicode"
)

// Identifies reports whether the column identifies its rows. It does if its values are
// distinct whole numbers and either its name says so or at least leastRepeats repeats
// would be expected of as many random values, spread evenly over the range; uneven ones
// would repeat more often.
func (c ColumnSummary) Identifies() bool {
	if !c.Whole || c.TopN != 1 || c.Constant() {
		return false
	}
	told := min(float64(c.N), MaxDistinct) // distinct values are tracked up to MaxDistinct, each compared with all
	expected := told * (float64(c.N) - told/2) / (c.Max - c.Min + 1)
	return expected >= leastRepeats || c.N >= 100 && namesID(c.Name)
}

// leastRepeats repeats expected make none less likely than 1 in 20,000: exp(-10).
const leastRepeats = 10

// namesID reports whether the last word of a name is id or index, as in "id", "ID",
// "user_id" and "userId".
func namesID(name string) bool {
	if strings.HasSuffix(name, "Id") && name != "Id" {
		return true
	}
	words := strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) })
	if len(words) == 0 {
		return false
	}
	last := strings.ToLower(words[len(words)-1])
	return last == "id" || last == "index"
}
