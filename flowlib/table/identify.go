package table

import (
	"strings"
	"unicode"
)

// Identifies reports whether the column holds whole numbers of which none comes twice, as
// those do that number the rows or name what they are about: either more repeats than
// leastRepeats would be expected by chance of as many values, spread evenly over the same
// range, and of uneven ones more yet; or the column's name says so.
func (c ColumnSummary) Identifies() bool {
	if !c.Whole || c.TopN != 1 || c.Constant() {
		return false
	}
	told := min(float64(c.N), MaxDistinct) // values that are told apart; each is compared with all
	expected := told * (float64(c.N) - told/2) / (c.Max - c.Min + 1)
	return expected >= leastRepeats || c.N >= 100 && namesID(c.Name)
}

// leastRepeats makes it less likely than 1 in 20,000 that none of them comes: exp(-10).
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
