package table

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// numbers parses the numbers of one CSV. It understands a decimal comma where
// the delimiter is ';', as spreadsheets write it, and then in the whole file.
type numbers struct {
	comma bool // a decimal comma may come
	mark  byte // the decimal mark of this file: '.' or ',', 0 while none was seen
	seen  string
	// missing holds marks for values that are not there, beside missingWords; nil: none.
	missing map[string]bool
	leave   string // what else to do about a field that is no number, after "correct it"
}

// errMissing stands for a value that is not there.
var errMissing = errors.New("missing")

// missingWords, in lower case: what pandas, R, spreadsheets and UCI's sets write.
var missingWords = map[string]bool{
	"": true, "nan": true, "-nan": true, "na": true, "n/a": true, "#n/a": true, "<na>": true, "null": true, "none": true, "?": true,
}

func (p *numbers) parse(s string) (float64, error) {
	v, err := strconv.ParseFloat(s, 64)
	if err == nil && v == v && (p.missing == nil || !p.missing[strings.TrimSpace(s)]) {
		if p.comma && p.mark != '.' && strings.IndexByte(s, '.') >= 0 {
			if err := p.setMark('.', s); err != nil {
				return 0, err
			}
		}
		return v, nil
	}
	return p.parseSlowly(s)
}

// parseSlowly sees to blanks, missing values, the decimal comma and all that is no number.
func (p *numbers) parseSlowly(field string) (float64, error) {
	s := strings.TrimSpace(field)
	if len(s) <= 5 && missingWords[strings.ToLower(s)] || p.missing[s] {
		return math.NaN(), errMissing
	}
	if strings.EqualFold(s, "true") {
		return 1, nil
	}
	if strings.EqualFold(s, "false") {
		return 0, nil
	}
	v, err := strconv.ParseFloat(s, 64)
	mark := byte('.')
	if err != nil && !errors.Is(err, strconv.ErrRange) && strings.Count(s, ",") == 1 && !strings.Contains(s, ".") {
		if v, err = strconv.ParseFloat(strings.Replace(s, ",", ".", 1), 64); err == nil && !p.comma {
			return 0, fmt.Errorf("found %s, expected a number with a decimal point: a comma may also part thousands here; write 1.5 for one and a half", quote(field))
		}
		mark = ','
	}
	switch {
	case errors.Is(err, strconv.ErrRange):
		return 0, fmt.Errorf("found %s, beyond the largest number there is (1.8e308): correct or remove it", quote(field))
	case err == nil && math.IsInf(v, 0):
		return v, nil
	case err != nil:
		return 0, fmt.Errorf("found %s, expected a number such as 12, -0.5 or 3e-7: correct it%s", quote(field), p.leave)
	case p.comma && strings.IndexByte(s, mark) >= 0:
		if err := p.setMark(mark, field); err != nil {
			return 0, err
		}
	}
	return v, nil
}

func (p *numbers) setMark(mark byte, field string) error {
	if p.mark == 0 {
		p.mark, p.seen = mark, field
	}
	if p.mark != mark {
		return fmt.Errorf("found %s after %s further up: is the decimal mark a point or a comma? Write all numbers one way", quote(field), quote(p.seen))
	}
	return nil
}

// parsePlain parses a number with a decimal point.
func parsePlain(s string) (float64, error) { return strconv.ParseFloat(s, 64) }

// isNumber reports whether s looks like a number, whatever its decimal mark.
func isNumber(s string) bool {
	s = strings.TrimSpace(s)
	if _, err := strconv.ParseFloat(s, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		return !missingWords[strings.ToLower(s)]
	}
	_, err := strconv.ParseFloat(strings.Replace(s, ",", ".", 1), 64)
	return err == nil
}

// markers is a set of marks for missing values, nil if there are none.
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
