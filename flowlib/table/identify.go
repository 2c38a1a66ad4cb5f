package table

import (
	"fmt"
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

// Ordered reports whether the column follows the order of the rows, like a time, a row
// number, or the column by which the table was sorted. It does if its value changes in at
// least two fifths of 50 or more rows, and at most 1 % of the changes go against the rest.
// An hour of the day goes back more often.
func (c ColumnSummary) Ordered() bool {
	const least, exceptions = 50, 100
	moves := c.Rises + c.Falls
	return c.N >= least && 5*moves >= 2*c.N && exceptions*min(c.Rises, c.Falls) <= moves
}

// order says in words how an ordered column goes.
func (c ColumnSummary) order() string {
	verb, not := "rises", c.N-1-c.Rises
	if c.Falls > c.Rises {
		verb, not = "falls", c.N-1-c.Falls
	}
	text := fmt.Sprintf("%s from row to row, between %.15g and %.15g", verb, c.Min+0, c.Max+0) // no -0
	if not > 0 {
		text += fmt.Sprintf(", but for %d of %d rows", not, c.N)
	}
	return text
}
