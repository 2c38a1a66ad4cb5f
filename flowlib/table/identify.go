package table

import (
	"fmt"
	"math"
	"strings"
	"unicode"
)

// Identifies reports whether the column holds whole numbers that seem to number the rows
// or to name what they are about, in whatever order.
func (c ColumnSummary) Identifies() bool { return c.identifies() != "" }

// identifies says why the column seems to identify its rows, as words that follow "a whole
// number": fewer values are repeated than of random ones spread evenly over the range
// (uneven ones would repeat more often), or its name says so. It is "" if it does not.
func (c ColumnSummary) identifies() string {
	switch {
	case !c.Whole || c.Constant():
	case c.TopN == 1 && (c.pairs() >= leastRepeats || c.N >= 100 && namesID(c.Name)):
		return "of which each comes once"
	case c.TopN > 1 && c.repeatsRarely():
		return "that repeats more rarely than by chance"
	case c.N >= 100 && c.Distinct > mostCodes && namesID(c.Name) && !strings.HasSuffix(strings.ToLower(c.Name), "index"):
		return "that identifies something, according to its name"
	}
	return ""
}

const (
	// leastRepeats repeats expected make none less likely than 1 in 20,000: exp(-10).
	leastRepeats = 10
	// mostCodes is the number of values up to which a number may be a category, whatever
	// its name.
	mostCodes = 20
)

// pairs is the expected number of pairs of equal values, if these are random and spread
// evenly.
func (c ColumnSummary) pairs() float64 {
	told := min(float64(c.N), MaxDistinct) // distinct values are tracked up to MaxDistinct, each compared with all
	return told * (float64(c.N) - told/2) / (c.Max - c.Min + 1)
}

// repeatsRarely reports whether values are repeated less often, by six standard deviations,
// than random values spread evenly over the range: so are row numbers of concatenated
// tables.
func (c ColumnSummary) repeatsRarely() bool {
	n, values := float64(c.N), c.Max-c.Min+1
	each := n / values
	// The mean and the variance of the number of distinct values: n balls in cells.
	seen, variance := -values*math.Expm1(-each), values*math.Exp(-each)*(1-(1+each)*math.Exp(-each))
	again := n - seen
	if seen > MaxDistinct { // no more are tracked after so many rows
		rows := -values * math.Log1p(-MaxDistinct/values)
		again = rows - MaxDistinct + (n-rows)*MaxDistinct/values
		variance = again
	}
	return again-float64(c.again) >= max(leastRepeats, 6*math.Sqrt(variance))
}

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
// least two fifths of 50 or more rows, or has 50 values or more, like the number of a group
// of rows, and at most 1 % of the changes go against the rest. An hour of the day goes back
// more often.
func (c ColumnSummary) Ordered() bool {
	const least, exceptions = 50, 100
	moves := c.Rises + c.Falls
	return c.N >= least && (5*moves >= 2*c.N || c.Distinct >= least) && exceptions*min(c.Rises, c.Falls) <= moves
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
