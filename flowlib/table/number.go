package table

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"normflow/internal/show"
)

// numbers parses the numbers of one CSV. A number is a sign, digits, a decimal mark and
// an exponent, as in 12, -0.5 or 3e-7; the other mark, an apostrophe or a blank may
// separate thousands. The whole file has the same decimal mark: the one given, or the one
// shown by the first number that can be read in only one way. If all are like 1.234,
// which may be 1234, that is an error; see guess.
type numbers struct {
	mark rune // decimal mark of the file, '.' or ','; 0 if none has been seen yet
	seen string
	// missing holds marks for missing values besides missingWords; may be nil.
	missing map[string]bool
	alone   bool // the file has one column: a blank may separate columns there
}

// errMissing reports a missing value.
var errMissing = errors.New("missing")

// missingWords are the marks, in lower case, that pandas, R, spreadsheets and UCI data
// sets write.
var missingWords = map[string]bool{
	"": true, "nan": true, "-nan": true, "na": true, "n/a": true, "#n/a": true, "<na>": true, "null": true, "none": true, "?": true,
}

func (p *numbers) parse(s string) (float64, error) {
	if isSimple(s) && (p.mark == '.' || strings.IndexByte(s, '.') < 0) && p.missing == nil {
		if v, err := strconv.ParseFloat(s, 64); err == nil {
			return v, nil
		}
	}
	return p.parseSlowly(s)
}

// isSimple reports whether s consists of digits, points, signs and exponents only. Go
// also parses underscores and hexadecimal digits, which are text here.
func isSimple(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case '0' <= c && c <= '9', c == '.', c == '-', c == '+', c == 'e', c == 'E':
		default:
			return false
		}
	}
	return true
}

// parseSlowly handles blanks, missing values, marks of all kinds and everything that is
// not a number.
func (p *numbers) parseSlowly(field string) (float64, error) {
	s := strings.TrimSpace(field)
	if len(s) <= 5 && isBlank(s) || p.missing[s] {
		return math.NaN(), errMissing
	}
	if strings.EqualFold(s, "true") {
		return 1, nil
	}
	if strings.EqualFold(s, "false") {
		return 0, nil
	}
	if v, ok := infinite(s); ok {
		return v, nil
	}
	point, isPoint := normal(s, '.')
	comma, isComma := normal(s, ',')
	mark := p.mark
	switch {
	case !isPoint && !isComma, p.alone && strings.ContainsRune(s, ' '):
		return 0, &Error{Found: quote(field), Expected: "a number such as 12, -0.5 or 3e-7", Remedies: append([]Remedy{{Do: "correct it"}}, mayBeMissing(s)...)}
	case point == comma: // no mark in it
	case mark == 0 && isPoint && isComma:
		return 0, &Error{
			Found: fmt.Sprintf("%s, which may be %s or %s", quote(field), point, comma), Expected: "one decimal mark to be named",
			Remedies: []Remedy{{"take the point for it", OptionDecimal, []string{"."}}, {"the comma", OptionDecimal, []string{","}}},
		}
	case mark == 0:
		mark = '.'
		if isComma {
			mark = ','
		}
		p.mark, p.seen = mark, field
	case mark == '.' && !isPoint || mark == ',' && !isComma:
		if p.seen == "" {
			return 0, &Error{
				Found: quote(field), Expected: fmt.Sprintf("a number with the decimal mark %q, as requested", mark),
				Remedies: []Remedy{{"correct it", "", nil}, {"name the other mark", OptionDecimal, []string{other(mark)}}},
			}
		}
		return 0, &Error{
			Found:    quote(field) + " after " + quote(p.seen) + " further up",
			Remedies: []Remedy{{Do: "is the decimal mark a point or a comma? Write all numbers one way"}},
		}
	}
	text := point
	if mark == ',' {
		text = comma
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, &Error{Found: quote(field) + ", beyond the largest number there is (1.8e308)", Remedies: []Remedy{{Do: "correct or remove it"}}}
	}
	return v, nil
}

func infinite(s string) (float64, bool) {
	switch strings.ToLower(strings.TrimLeft(s, "+-")) {
	case "inf", "infinity":
		v, err := strconv.ParseFloat(s, 64)
		return v, err == nil
	}
	return 0, false
}

// normal returns the number s, whose decimal mark is given, with a decimal point and
// without thousands separators: the other of point and comma, an apostrophe or a blank,
// and only one of these. Thousands are groups of three digits after one to three digits,
// the first of them not 0.
func normal(s string, decimal rune) (string, bool) {
	out := make([]byte, 0, 32)
	if s != "" && (s[0] == '-' || s[0] == '+') {
		out, s = append(out, s[0]), s[1:]
	}
	var group rune // thousands separator, 0 until one is found
	digits, run, fraction := 0, 0, false
	for i, r := range s {
		switch {
		case '0' <= r && r <= '9':
			out = append(out, byte(r))
			digits, run = digits+1, run+1
		case r == decimal && !fraction && (group == 0 || run == 3):
			out = append(out, '.')
			fraction = true
		case (r == 'e' || r == 'E') && digits > 0 && group == 0:
			exponent := s[i:]
			if !isSimple(exponent) || strings.ContainsAny(exponent[1:], ".eE") {
				return "", false
			}
			text := string(out) + exponent
			_, err := strconv.ParseFloat(text, 64)
			return text, err == nil || errors.Is(err, strconv.ErrRange)
		case fraction || !strings.ContainsRune(".,'’ \u00a0\u2009\u202f", r) || run < 1 || run > 3 || s[0] == '0':
			return "", false
		case group != 0 && (r != group || run != 3):
			return "", false
		default:
			group, run = r, 0
		}
	}
	return string(out), digits > 0 && (fraction || group == 0 || run == 3)
}

// guess settles the decimal mark before the first row is read, by the fields of the
// numeric columns in the first lines: the first that can be read in only one way decides.
// If all may have thousands, as 1.234, it guesses nothing, with one exception: points are
// decimal if columns are not separated by semicolons and no column holds whole numbers
// other than 0; a note says so.
func (p *numbers) guess(columns [][]string, names []string, delimiter rune) (note *Note) {
	var found *Note
	guessable := delimiter != ';'
	for j, fields := range columns {
		marked, whole, example := 0, 0, ""
		for _, s := range fields {
			s = strings.TrimSpace(s)
			point, isPoint := normal(s, '.')
			comma, isComma := normal(s, ',')
			switch {
			case !isPoint && !isComma:
			case isPoint && isComma && point == comma:
				if v, err := strconv.ParseFloat(point, 64); err == nil && v != 0 {
					whole++
				}
			case isPoint && isComma:
				if marked++; marked == 1 {
					example = s
				}
				guessable = guessable && strings.Contains(s, ".")
			default:
				p.mark, p.seen = '.', s
				if isComma {
					p.mark = ','
				}
				return nil
			}
		}
		guessable = guessable && (marked == 0 || whole == 0)
		if marked > 0 && found == nil {
			found = &Note{
				Says:     fmt.Sprintf("column %s: %s was taken for a number with a decimal point", show.Quoted(names[j]), quote(example)),
				Remedies: []Remedy{{"if points part thousands, say so", OptionDecimal, []string{","}}},
			}
			p.seen = example
		}
	}
	if found == nil || !guessable {
		p.seen = ""
		return nil
	}
	p.mark = '.'
	return found
}

// parseEither parses a number with a decimal point, or failing that a comma.
func parseEither(s string) (float64, error) {
	s = strings.TrimSpace(s)
	if v, ok := infinite(s); ok {
		return v, nil
	}
	text, ok := normal(s, '.')
	if !ok {
		if text, ok = normal(s, ','); !ok {
			return 0, strconv.ErrSyntax
		}
	}
	return strconv.ParseFloat(text, 64)
}

// isNumber reports whether s looks like a number, with either decimal mark.
func isNumber(s string) bool {
	_, err := parseEither(s)
	return err == nil || errors.Is(err, strconv.ErrRange)
}

// markers returns a set of marks for missing values, nil if there are none.
func markers(marks []string) map[string]bool {
	if len(marks) == 0 {
		return nil
	}
	set := map[string]bool{}
	for _, mark := range marks {
		set[strings.TrimSpace(mark)] = true
	}
	return set
}

// other returns the other decimal mark.
func other(mark rune) string {
	if mark == ',' {
		return "."
	}
	return ","
}

// mayBeMissing says what to do about marks that often stand for a missing value.
func mayBeMissing(s string) []Remedy {
	switch strings.ToLower(s) {
	case "-", "--", "---", ".", "..", "*", "missing", "unknown", "nil", "n.a.", "na.", "(null)", "\\n":
		return []Remedy{{"say that it stands for a missing value", OptionNA, []string{s}}}
	}
	return nil
}
